"""Generation: a language model answers the pairs that have no response yet; people review them."""

from pydantic import BaseModel, Field

from ontos.data.access import require_select
from ontos.data.sheets import get_sheet
from ontos.generate.answers import Course, Manner, Through
from ontos.generate.batches import Ability, Batches, ability, keep
from ontos.generate.calls import Calls
from ontos.generate.training_sheets import (
    ENTITY,
    get_training_sheet,
    require_known,
    require_ready,
)
from ontos.kernel import jobs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotNow, Unavailable
from ontos.kernel.fields import Id, Input
from ontos.kernel.jobs import Job, Run, job
from ontos.kernel.operation import operation
from ontos.kernel.permission import read, write
from ontos.warehouse import together

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
    """`through` says who asks it. `reason` says what is missing where `model` is None, or why a
    warehouse that could ask an endpoint of its workspace does not."""

    model: str | None
    through: Through | None
    reason: str | None


class GenerationError(BaseModel):
    """`pairs` counts those that failed for this reason and are still empty."""

    reason: str
    pairs: int


@operation(
    "POST /training-sheets/{training_sheet_id}/generate", needs=write("templates"), rights="person"
)
def generate_responses(
    caller: Caller, training_sheet_id: Id, spec: GenerateSpec | None = None
) -> Job:
    """Let the configured model answer the empty pending pairs, in the background."""
    spec = spec or GenerateSpec()
    sheet = get_training_sheet(caller, training_sheet_id)
    require_ready(sheet)
    require_select(caller, get_sheet(caller, sheet.sheet_id).source_table)
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
    """Which model would answer, if any does, and who would ask it."""
    llm = caller.workspace.llm
    if llm.model is None:
        return GenerationModel(model=None, through=None, reason=NO_MODEL)
    if llm.endpoint is None:
        return GenerationModel(model=llm.model, through="api", reason=None)
    refused = ability(caller, llm.endpoint).refused
    through: Through = "api" if refused else "warehouse"
    return GenerationModel(model=llm.model, through=through, reason=refused)


@operation("GET /training-sheets/{training_sheet_id}/generation-errors", needs=read("templates"))
def list_generation_errors(caller: Caller, training_sheet_id: Id) -> list[GenerationError]:
    """Why pairs that are still empty got no response: the most frequent reasons, 20 at most."""
    rows, _ = together(
        lambda: caller.warehouse.rows(
            "SELECT generation_error AS reason, count(*) AS pairs FROM pairs WHERE"
            " training_sheet_id = :sheet AND response IS NULL AND generation_error IS NOT NULL"
            " GROUP BY generation_error ORDER BY pairs DESC, reason LIMIT 20",
            sheet=training_sheet_id,
        ),
        lambda: require_known(caller, training_sheet_id),
    )
    return [GenerationError(**row) for row in rows]


def require_model(caller: Caller) -> None:
    """Refuse where no language model is configured, saying which settings would."""
    if caller.workspace.llm.model is None:
        raise Unavailable(NO_MODEL)


@job("generate", title="Generate", resumable=True)
def generate(run: Run) -> str:
    """Safe to begin again: what has a response is not asked twice."""
    spec, found = GenerateSpec(**run.arguments), _ability(run.caller)
    if found:
        keep(run, found)
    sheet = get_training_sheet(run.caller, run.entity_id)
    require_ready(sheet)
    before = _tried_before(run)
    wanted = min(sheet.empty_count, (spec.limit or sheet.empty_count + before) - before)
    course = Course(run, "warehouse" if found else "api", before, before + max(wanted, 0))
    manner = Manner(sheet.system_prompt, spec.max_tokens, spec.temperature)
    asker = Batches(run, course, manner, found) if found else Calls(run, course, manner)
    asker.answer(wanted)
    return course.summary()


def _ability(caller: Caller) -> Ability | None:
    """What the warehouse can do with the model; None where only calls of its API are left."""
    endpoint = caller.workspace.llm.endpoint
    found = ability(caller, endpoint) if endpoint else None
    return None if found is None or found.refused else found


def _tried_before(run: Run) -> int:
    """Pairs that this job answered before the process was lost; 0 in its first attempt."""
    counted = run.caller.warehouse.rows(
        "SELECT count(*) AS tried FROM pairs WHERE training_sheet_id = :sheet"
        " AND response_source = 'generated' AND updated_at >= :since",
        sheet=run.entity_id, since=run.job.created_at,
    )  # fmt: skip
    return int(counted[0]["tried"])
