"""Generation: a language model answers the pairs that have no response yet; people review them."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass

from pydantic import BaseModel, Field

from ontos.generate.training_sheets import (
    ENTITY,
    get_training_sheet,
    require_known,
    require_ready,
)
from ontos.kernel import jobs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotNow, OntosError, Unavailable
from ontos.kernel.fields import Id, Input, now
from ontos.kernel.jobs import Job, Run, job
from ontos.kernel.operation import operation
from ontos.kernel.permission import read, write

ROUNDS = 8
"""Answers that each of the concurrent calls gives between two saves."""

NO_MODEL = (
    "No language model is configured, so the pairs are left for people. Set ONTOS_LLM_BASE_URL and "
    "ONTOS_LLM_MODEL (and ONTOS_LLM_API_KEY where the API wants a key), start again, then "
    "generate; or answer the pairs in Label."
)


class GenerateSpec(Input):
    """`limit` asks for the first so many empty pairs only; `max_tokens` bounds one answer."""

    limit: int | None = Field(None, ge=1)
    max_tokens: int = Field(512, ge=1, le=32_768)
    temperature: float = Field(0.0, ge=0, le=2)


class GenerationModel(BaseModel):
    """`reason` says what is missing where `model` is None."""

    model: str | None
    reason: str | None


class GenerationError(BaseModel):
    """`pairs` counts those that failed for this reason and are still empty."""

    reason: str
    pairs: int


@dataclass(frozen=True)
class Answer:
    """Either a response and the model that gave it, or the reason why there is none."""

    id: str
    response: str | None = None
    model: str | None = None
    error: str | None = None


@operation("POST /training-sheets/{training_sheet_id}/generate", needs=write("templates"))
def generate_responses(
    caller: Caller, training_sheet_id: Id, spec: GenerateSpec | None = None
) -> Job:
    """Let the configured model answer the empty pending pairs, in the background."""
    spec = spec or GenerateSpec()
    sheet = get_training_sheet(caller, training_sheet_id)
    require_ready(sheet)
    require_model(caller)
    if not sheet.empty_count:
        raise NotNow("Every pending pair has a response already. Review them in Label.")
    work = jobs.latest(caller, (ENTITY, sheet.id))
    if work and work.status in ("queued", "running"):
        raise Conflict(f"{work.title!r} is under way. Wait for it, or cancel it.")
    key = jobs.enqueue(caller, "generate", (ENTITY, sheet.id), f"Generate for {sheet.name}",
                       **spec.model_dump())  # fmt: skip
    return jobs.get(caller, key)


@operation("GET /generation/model", needs=read("templates"))
def get_generation_model(caller: Caller) -> GenerationModel:
    """Which model would answer, if any does."""
    name = caller.workspace.llm.model
    return GenerationModel(model=name, reason=None if name else NO_MODEL)


@operation("GET /training-sheets/{training_sheet_id}/generation-errors", needs=read("templates"))
def list_generation_errors(caller: Caller, training_sheet_id: Id) -> list[GenerationError]:
    """Why pairs that are still empty got no response: the most frequent reasons, 20 at most."""
    rows = caller.warehouse.rows(
        "SELECT generation_error AS reason, count(*) AS pairs FROM pairs"
        " WHERE training_sheet_id = :sheet AND response IS NULL AND generation_error IS NOT NULL"
        " GROUP BY generation_error ORDER BY pairs DESC, reason LIMIT 20",
        sheet=training_sheet_id,
    )
    if not rows:
        require_known(caller, training_sheet_id)
    return [GenerationError(**row) for row in rows]


def require_model(caller: Caller) -> None:
    """Refuse where no language model is configured, saying which settings would."""
    if caller.workspace.llm.model is None:
        raise Unavailable(NO_MODEL)


@job("generate", title="Generate", resumable=True)
def generate(run: Run) -> str:
    """Safe to begin again: what has a response is not asked twice."""
    sheet = get_training_sheet(run.caller, run.entity_id)
    require_ready(sheet)
    spec = GenerateSpec(**run.arguments)
    before = _tried_before(run)
    wanted = min(sheet.empty_count, (spec.limit or sheet.empty_count + before) - before)
    asking = Asking(run, spec, sheet.system_prompt, before, before + max(wanted, 0))
    width = run.caller.settings.llm_concurrency
    pool = ThreadPoolExecutor(width, thread_name_prefix="generate")
    try:
        for page in _pages(run.caller, sheet.id, wanted, width * ROUNDS):
            asking.answer(pool, page)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return asking.summary()


class Asking:
    """The course of one job: pages of pairs go to the model, answers are saved page by page."""

    def __init__(
        self, run: Run, spec: GenerateSpec, system_prompt: str | None, done: int, total: int
    ) -> None:
        self._run, self._spec, self._total = run, spec, max(total, 1)
        self._system = [{"role": "system", "content": system_prompt}] if system_prompt else []
        self._done, self._answered, self._failed = done, 0, 0

    def answer(self, pool: ThreadPoolExecutor, page: Sequence[dict[str, str]]) -> None:
        """Ask for a page side by side. Saves what came, also when it is cancelled meanwhile."""
        futures = [pool.submit(self._ask, pair["id"], pair["prompt"]) for pair in page]
        try:
            self._follow(futures)
        finally:
            for future in futures:
                future.cancel()
            answers = [f.result() for f in futures if f.done() and not f.cancelled()]
            _save(self._run.caller, self._run.entity_id, answers)
        self._stop_when_hopeless(answers)

    def summary(self) -> str:
        failed = f", {self._failed:,} failed (each pair keeps the reason)" if self._failed else ""
        return f"{self._answered:,} responses{failed}"

    def _follow(self, futures: Sequence[Future[Answer]]) -> None:
        """Report, and notice a cancel, about once a second until all are answered."""
        waiting = set(futures)
        while waiting:
            ended, waiting = wait(waiting, timeout=1.0)
            failed = sum(future.result().error is not None for future in ended)
            self._done, self._failed = self._done + len(ended), self._failed + failed
            self._answered += len(ended) - failed
            said = f"{self._done:,} of {self._total:,} pairs, {self._failed:,} failed"
            self._run.report(100 * self._done / self._total, said)

    def _ask(self, pair: str, prompt: str) -> Answer:
        messages = [*self._system, {"role": "user", "content": prompt}]
        try:
            said = self._run.caller.workspace.llm.complete(
                messages, max_tokens=self._spec.max_tokens, temperature=self._spec.temperature
            )
        except OntosError as error:
            return Answer(pair, error=error.detail)
        except Exception as error:  # recorded on the pair, where its reviewer looks
            return Answer(pair, error=f"{type(error).__name__}: {error}")
        if not said.text.strip():
            return Answer(pair, error="The model answered with nothing.")
        return Answer(pair, said.text.strip(), said.model)

    def _stop_when_hopeless(self, answers: Sequence[Answer]) -> None:
        """A model that failed all of the first page will not answer the next million."""
        if answers and not self._answered and all(answer.error for answer in answers):
            raise Unavailable(f"None of the first {len(answers)} pairs got a response. "
                              f"{answers[-1].error}")  # fmt: skip


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


def _tried_before(run: Run) -> int:
    """Pairs that this job answered before the process was lost; 0 in its first attempt."""
    counted = run.caller.warehouse.rows(
        "SELECT count(*) AS tried FROM pairs WHERE training_sheet_id = :sheet"
        " AND response_source = 'generated' AND updated_at >= :since",
        sheet=run.entity_id, since=run.job.created_at,
    )  # fmt: skip
    return int(counted[0]["tried"])


def _save(caller: Caller, training_sheet_id: str, answers: Sequence[Answer]) -> None:
    """One statement; pairs that a person answered or reviewed meanwhile stay as they are."""
    if not answers:
        return
    caller.warehouse.execute(
        "MERGE INTO pairs AS t USING (SELECT a.id AS id, a.response AS response, a.model AS model,"
        " a.error AS error FROM (SELECT explode(from_json(:answers,"
        " 'ARRAY<STRUCT<id: STRING, response: STRING, model: STRING, error: STRING>>')) AS a)) AS s"
        " ON t.id = s.id AND t.training_sheet_id = :sheet"
        " WHEN MATCHED AND t.response IS NULL AND t.review_status = 'pending' THEN UPDATE SET"
        " response = s.response, generation_model = s.model, generation_error = s.error,"
        " response_source ="
        " CASE WHEN s.response IS NULL THEN t.response_source ELSE 'generated' END,"
        " version = t.version + 1, updated_at = :at",
        answers=json.dumps([asdict(answer) for answer in answers]), sheet=training_sheet_id,
        at=now(),
    )  # fmt: skip
