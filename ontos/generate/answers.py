"""A model's answers on their way into the pairs, however it was asked."""

from dataclasses import dataclass
from typing import Literal

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Unavailable
from ontos.kernel.fields import now
from ontos.kernel.jobs import Run
from ontos.warehouse import Value

Through = Literal["warehouse", "api"]
"""The warehouse asks for many pairs in one statement, or this process calls the model's API."""

NOTHING = "The model answered with nothing."
NAMES = {"warehouse": "the warehouse", "api": "the API"}


@dataclass(frozen=True)
class Manner:
    """What goes with every prompt; `max_tokens` bounds one answer."""

    system_prompt: str | None
    max_tokens: int
    temperature: float


class Course:
    """How one job goes: what it reports on its way, and says at its end."""

    def __init__(self, run: Run, through: Through, done: int, total: int) -> None:
        self._run, self._through, self._total = run, through, max(total, 1)
        self._done, self._answered, self._failed = done, 0, 0

    def add(self, answered: int, failed: int) -> None:
        """Count and report. Raises Cancelled where that was asked."""
        self._done += answered + failed
        self._answered, self._failed = self._answered + answered, self._failed + failed
        said = f"{self._done:,} of {self._total:,} pairs through {NAMES[self._through]}"
        self._run.report(100 * self._done / self._total, f"{said}, {self._failed:,} failed")

    def stop_when_hopeless(self, reason: str | None) -> None:
        """A model that failed all of the first pairs will not answer the next million."""
        if self._failed and not self._answered:
            raise Unavailable(f"None of the first {self._failed} pairs got a response. {reason}")

    def summary(self) -> str:
        failed = f", {self._failed:,} failed (each pair keeps the reason)" if self._failed else ""
        return f"{self._answered:,} responses through {NAMES[self._through]}{failed}"


def save(caller: Caller, training_sheet_id: str, source: str, **values: Value) -> None:
    """One statement; pairs that a person answered or reviewed meanwhile stay as they are.

    `source` is SQL that gives id, response, model and error; it must give the same when it is
    read twice.
    """
    caller.warehouse.execute(
        f"MERGE INTO pairs AS t USING ({source}) AS s"
        " ON t.id = s.id AND t.training_sheet_id = :sheet"
        " WHEN MATCHED AND t.response IS NULL AND t.review_status = 'pending' THEN UPDATE SET"
        " response = s.response,"
        " generation_model = CASE WHEN s.response IS NOT NULL THEN s.model END,"
        " generation_error = CASE WHEN s.response IS NULL THEN coalesce(s.error, :nothing) END,"
        " response_source ="
        " CASE WHEN s.response IS NULL THEN t.response_source ELSE 'generated' END,"
        " version = t.version + 1, updated_at = :at",
        sheet=training_sheet_id, nothing=NOTHING, at=now(), **values,
    )  # fmt: skip
