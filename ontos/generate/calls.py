"""Generation through the API of the model: one call for each pair, several side by side."""

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass

from ontos.generate.answers import NOTHING, Course, Manner, save
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.jobs import Run
from ontos.warehouse import was_cancelled

ROUNDS = 8
"""Answers that each of the concurrent calls gives between two saves."""
BROKEN = (
    "The model's answer holds half a character or a NUL, which cannot be saved. Generate again, "
    "or answer this pair by hand."
)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""What no table keeps as text: one such answer would lose all that are saved with it."""

_SOURCE = (
    "SELECT a.id AS id, a.response AS response, a.model AS model, a.error AS error"
    " FROM (SELECT explode(from_json(:answers,"
    " 'ARRAY<STRUCT<id: STRING, response: STRING, model: STRING, error: STRING>>')) AS a)"
)


@dataclass(frozen=True)
class Answer:
    """Either a response and the model that gave it, or the reason why there is none."""

    id: str
    response: str | None = None
    model: str | None = None
    error: str | None = None


class Calls:
    """Pages of pairs go to the model, answers are saved page by page."""

    def __init__(self, run: Run, course: Course, manner: Manner) -> None:
        self._run, self._course, self._manner = run, course, manner
        system = manner.system_prompt
        self._system = [{"role": "system", "content": system}] if system else []

    def answer(self, wanted: int) -> None:
        """Ask for so many empty pairs. What was answered is saved, also when it is cancelled."""
        width = self._run.caller.settings.llm_concurrency
        pool = ThreadPoolExecutor(width, thread_name_prefix="generate")
        try:
            for page in _pages(self._run.caller, self._run.entity_id, wanted, width * ROUNDS):
                self._answer(pool, page)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, pool: ThreadPoolExecutor, page: Sequence[dict[str, str]]) -> None:
        futures = [pool.submit(self._ask, pair["id"], pair["prompt"]) for pair in page]
        try:
            self._follow(futures)
        finally:
            for future in futures:
                future.cancel()
            answers = [f.result() for f in futures if f.done() and not f.cancelled()]
            _save(self._run, answers)
        self._course.stop_when_hopeless(answers[-1].error)

    def _follow(self, futures: Sequence[Future[Answer]]) -> None:
        """Report, and notice a cancel, about once a second until all are answered."""
        waiting = set(futures)
        while waiting:
            ended, waiting = wait(waiting, timeout=1.0)
            failed = sum(future.result().error is not None for future in ended)
            self._course.add(len(ended) - failed, failed)

    def _ask(self, pair: str, prompt: str) -> Answer:
        messages = [*self._system, {"role": "user", "content": prompt}]
        try:
            said = self._run.caller.workspace.llm.complete(
                messages, max_tokens=self._manner.max_tokens, temperature=self._manner.temperature
            )
        except OntosError as error:
            return Answer(pair, error=_saveable(error.detail))
        except Exception as error:  # recorded on the pair, where its reviewer looks
            return Answer(pair, error=_saveable(f"{type(error).__name__}: {error}"))
        if not said.text.strip():
            return Answer(pair, error=NOTHING)
        if _NO_TEXT.search(said.text):
            return Answer(pair, error=BROKEN)
        return Answer(pair, said.text.strip(), _saveable(said.model))


def _pages(
    caller: Caller, training_sheet_id: str, wanted: int, size: int
) -> Iterator[list[dict[str, str]]]:
    """Empty pending pairs by id, so that one that fails is not met again in the same run."""
    after = ""
    while wanted > 0:
        rows = caller.warehouse.rows(
            "SELECT id, prompt FROM pairs WHERE training_sheet_id = :sheet AND response IS NULL"
            " AND review_status = 'pending' AND id > :after ORDER BY id LIMIT :size",
            sheet=training_sheet_id, after=after, size=min(size, wanted),
        )  # fmt: skip
        if not rows:
            return
        yield rows
        after, wanted = rows[-1]["id"], wanted - len(rows)


def _saveable(text: str) -> str:
    return _NO_TEXT.sub("?", text)


def _save(run: Run, answers: Sequence[Answer]) -> None:
    """A cancel that stops the saving itself is told once: saved again, no answer is lost."""
    if not answers:
        return
    given = json.dumps([asdict(answer) for answer in answers])
    try:
        save(run.caller, run.entity_id, _SOURCE, answers=given)
    except OntosError as error:
        if was_cancelled(error):
            save(run.caller, run.entity_id, _SOURCE, answers=given)
        raise
