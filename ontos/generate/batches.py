"""Generation inside a Databricks warehouse: `ai_query` asks for many pairs in one statement.

The answers are written to `generated_answers` first, each as the JSON of what `ai_query` gave, and
reach the pairs from there: see docs/decisions/009.
"""

import re
import string
import time
from dataclasses import dataclass

import pyarrow as pa

from ontos.generate.answers import NOTHING, Course, Manner, save
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.jobs import Run
from ontos.warehouse import Row

FIRST, MOST = 20, 2_000
"""Pairs in the first chunk, and in the largest. A warehouse answers many at once."""
RECALLED = 60.0
"""Seconds for which a refusal is believed: a right may be granted meanwhile."""

_ASKED = (
    "SELECT id, ai_query(:endpoint, concat(:before, prompt), modelParameters =>"
    " named_struct('max_tokens', :max_tokens, 'temperature', :temperature),"
    " failOnError => false) AS answer FROM (SELECT id, prompt FROM pairs"
    " WHERE training_sheet_id = :sheet AND response IS NULL AND review_status = 'pending'"
    " AND id > :after ORDER BY id LIMIT :size) AS next"
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ERROR = re.compile(r"error\w*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Ability:
    """What this warehouse's `ai_query` gives for an endpoint: the fields of an answer.

    Where it refuses, `refused` says why, and is believed until `until`.
    """

    endpoint: str
    response: str = ""
    error: str = ""
    refused: str | None = None
    until: float = float("inf")


_known: dict[tuple[str | None, str], Ability] = {}


def ability(caller: Caller, endpoint: str) -> Ability:
    """Asked of the warehouse once; later calls cost nothing."""
    key = caller.settings.http_path, endpoint
    found = _known.get(key)
    if found is None or found.until < time.monotonic():
        found = _known[key] = _probed(caller, endpoint)
    return found


def _probed(caller: Caller, endpoint: str) -> Ability:
    """Put to no pair at all, the statement spends no token and its answer still has a type."""
    try:
        answer = caller.warehouse.arrow(
            _ASKED, endpoint=endpoint, before="", max_tokens=1, temperature=0.0, sheet="",
            after="", size=0,
        ).schema.field("answer")  # fmt: skip
    except OntosError as error:
        return Ability(endpoint, refused=error.detail, until=time.monotonic() + RECALLED)
    return _fields(endpoint, answer.type)


def _fields(endpoint: str, kind: pa.DataType) -> Ability:
    """Documents call them response and error, result and errorMessage, or otherwise."""
    names = [field.name for field in kind] if pa.types.is_struct(kind) else []
    errors = [name for name in names if _ERROR.fullmatch(name)]
    answers = [name for name in names if _NAME.fullmatch(name) and name not in errors]
    if errors and answers:
        return Ability(endpoint, answers[0], errors[-1])
    return Ability(endpoint, refused=f"ai_query gives {kind}, without an answer or its error.")


class Batches:
    """Pairs are asked for in chunks; each is saved and reported before the next."""

    def __init__(self, run: Run, course: Course, manner: Manner, found: Ability) -> None:
        self._run, self._course, self._manner, self._found = run, course, manner, found

    def answer(self, wanted: int) -> None:
        """Ask for so many empty pairs; a cancel is heeded when a chunk has been saved."""
        size, after = FIRST, ""
        while wanted > 0:
            began = time.monotonic()
            self._ask(after, min(size, wanted))
            seen = keep(self._run, self._found)
            if not seen["tried"]:
                return
            self._course.add(seen["answered"], seen["tried"] - seen["answered"])
            self._course.stop_when_hopeless(seen["reason"] or NOTHING)
            after, wanted = seen["last"], wanted - seen["tried"]
            size = self._next(size, time.monotonic() - began)

    def _ask(self, after: str, size: int) -> None:
        """`ai_query` takes one text: the system prompt stands before the user prompt."""
        system = self._manner.system_prompt
        self._run.caller.warehouse.execute(
            "INSERT INTO generated_answers (training_sheet_id, pair_id, answer)"  # noqa: S608
            " SELECT :sheet AS training_sheet_id, id AS pair_id, to_json(answer) AS answer"
            f" FROM ({_ASKED}) AS asked",
            endpoint=self._found.endpoint, before=f"{system}\n\n" if system else "",
            max_tokens=self._manner.max_tokens, temperature=self._manner.temperature,
            sheet=self._run.entity_id, after=after, size=size,
        )  # fmt: skip

    def _next(self, size: int, seconds: float) -> int:
        """Large chunks serve the warehouse, short ones whoever waits; none may come near the
        time at which the warehouse gives a statement up."""
        limit = self._run.caller.settings.statement_timeout
        if seconds < limit / 12:
            return min(4 * size, MOST)
        return max(size // 2, FIRST) if seconds > limit / 4 else size


def keep(run: Run, found: Ability) -> Row:
    """Move answers into the pairs, also those that a job left which was lost; how many there were.

    The row has tried, answered, last (the greatest id) and reason (of one failure).
    """
    warehouse, sheet, read = run.caller.warehouse, run.entity_id, _read(found)
    seen = warehouse.rows(
        "SELECT count(*) AS tried, count(response) AS answered, max(id) AS last,"  # noqa: S608
        f" max(error) AS reason FROM ({read}) AS given",
        sheet=sheet, blanks=string.whitespace, model=found.endpoint,
    )[0]  # fmt: skip
    if seen["tried"]:
        save(run.caller, sheet, read, blanks=string.whitespace, model=found.endpoint)
        warehouse.execute("DELETE FROM generated_answers WHERE training_sheet_id = :sheet",
                          sheet=sheet)  # fmt: skip
    return seen


def _read(found: Ability) -> str:
    """SQL for id, response, model and error of the answers; a blank response is none.

    Each pair once: a statement of a process that was lost may have gone on beside this job.
    """
    return (
        "SELECT pair_id AS id, nullif(trim(BOTH :blanks FROM"  # noqa: S608 - names are checked
        f" get_json_object(answer, '$.{found.response}')), '') AS response, :model AS model,"
        f" get_json_object(answer, '$.{found.error}') AS error"
        " FROM (SELECT pair_id, max(answer) AS answer FROM generated_answers"
        " WHERE training_sheet_id = :sheet GROUP BY pair_id) AS once"
    )
