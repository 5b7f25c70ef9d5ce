"""Assembling: a published sheet put through a published template, as a job."""

import json

from ontos.data.access import require_select
from ontos.data.sheets import Sheet, get_sheet, source_of
from ontos.data.sheets import node as sheet_node
from ontos.generate.mapping import check_mapping, check_response, check_shown
from ontos.generate.pairs import Plan, forget_pairs, forget_rendered, make_pairs
from ontos.generate.templates import Template, get_template, require_published, system_message
from ontos.generate.templates import node as template_node
from ontos.generate.training_sheets import ENTITY, TrainingSheet, get_training_sheet
from ontos.generate.training_sheets import node as training_sheet_node
from ontos.kernel import jobs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotNow
from ontos.kernel.fields import Id, Input, Name, new_id, now
from ontos.kernel.jobs import Job, Run, job
from ontos.kernel.lineage import Edge
from ontos.kernel.operation import operation, permit
from ontos.kernel.permission import write
from ontos.kernel.records import add_row
from ontos.kernel.seen import Sight, by_sight
from ontos.warehouse import together
from ontos.workspace import Column


class AssembleSpec(Input):
    """`column_mapping` maps each placeholder to a column of the sheet."""

    name: Name
    template_id: Id
    column_mapping: dict[str, str]
    response_column: str | None = None


@operation("POST /sheets/{sheet_id}/assemble", needs=write("templates"), rights="person")
def assemble_sheet(caller: Caller, sheet_id: Id, spec: AssembleSpec) -> TrainingSheet:
    """Put a published sheet through a published template, in the background."""
    permit(caller, "get_sheet", "get_template")
    return by_sight(caller, lambda sight: _begun(caller, sight, sheet_id, spec))


def _begun(caller: Caller, sight: Sight, sheet_id: str, spec: AssembleSpec) -> TrainingSheet:
    sheet, template = together(
        lambda: sight(Sheet, sheet_id, get_sheet),
        lambda: sight(Template, spec.template_id, get_template),
    )
    _require_published(sheet)
    require_published(template)
    require_select(caller, sheet.source_table)
    columns = _columns(caller, sheet)
    check_mapping(template.placeholders, spec.column_mapping, list(columns))
    check_shown("column_mapping", spec.column_mapping.values(), sheet.item_id_column)
    if spec.response_column is not None:
        check_shown("response_column", [spec.response_column], sheet.item_id_column)
        check_response(columns.get(spec.response_column), spec.response_column, list(columns))
    made = TrainingSheet(
        **spec.model_dump(), id=new_id(), sheet_id=sheet.id, sheet_name=sheet.name,
        template_name=template.name, label_type=template.label_type,
        system_prompt=system_message(template.system_prompt), user_prompt=template.user_prompt,
        status="assembling", error_message=None, total_items=0, auto_approved_count=0, version=1,
        created_by=caller.user, created_at=now(), updated_by=caller.user, updated_at=now(),
    )  # fmt: skip
    sources = (sheet_node(sheet), template_node(template))
    edges = [Edge(s, training_sheet_node(made), "assemble_sheet") for s in sources]
    if not _queue(caller, made, edges, sheet.version):
        _require_published(get_sheet(caller, sheet_id))
        require_published(get_template(caller, spec.template_id))
        raise Conflict("The sheet or the template was changed meanwhile. Load them again.")
    return made


def _not_assembled(caller: Caller, work: Job, _outcome: str, reason: str) -> None:
    """Nothing half-written stays, whatever the engine."""
    failed = caller.warehouse.execute(
        "UPDATE training_sheets SET status = 'failed', error_message = :reason,"
        " version = version + 1, updated_at = :at WHERE id = :id AND status = 'assembling'",
        id=work.entity_id, reason=reason, at=now(),
    )  # fmt: skip
    if failed:
        forget_pairs(caller.warehouse, work.entity_id)
    forget_rendered(caller.warehouse, work.entity_id)


@job("assemble", title="Assemble", resumable=True, ended=_not_assembled)
def assemble(run: Run) -> str:
    """Safe to begin again: what a former attempt left is replaced."""
    training_sheet = get_training_sheet(run.caller, run.entity_id)
    if training_sheet.status != "assembling":  # the process was lost after its last write
        return f"Already {training_sheet.status}"
    sheet = get_sheet(run.caller, training_sheet.sheet_id)
    mapping = training_sheet.column_mapping
    columns = _columns(run.caller, sheet)
    check_mapping(list(mapping), mapping, list(columns))
    plan = Plan(training_sheet, sheet, {name: columns[mapping[name]] for name in mapping})
    run.report(1, f"Assembling {sheet.item_count:,} items")
    return f"{make_pairs(run, plan):,} pairs"


def _require_published(sheet: Sheet) -> None:
    if sheet.status == "draft":
        raise NotNow(f"sheet_id: {sheet.name!r} is a draft. Publish it first.", field="sheet_id")
    if sheet.status != "published":
        raise NotNow(f"sheet_id: {sheet.name!r} is archived, so nothing more is assembled from it. "
                     "Choose another sheet.", field="sheet_id")  # fmt: skip


def _columns(caller: Caller, sheet: Sheet) -> dict[str, Column]:
    """The sheet's columns, as the table has them now."""
    there = {c.name.lower(): c for c in source_of(caller, sheet, "sheet_id").columns}
    return {c.name: there[c.name.lower()] for c in sheet.columns}


_STILL_SO = """
SELECT 1 FROM sheets AS s JOIN templates AS m ON m.id = :template_id AND m.status = 'published'
WHERE s.id = :sheet_id AND s.version = :seen_version
"""
_MADE = "SELECT 1 FROM training_sheets AS t WHERE t.id = :job_entity_id"


def _queue(caller: Caller, made: TrainingSheet, edges: list[Edge], sheet_version: int) -> bool:
    """The training sheet, with the job that fills it; False where it was not made."""
    counted = {"pending_count", "approved_count", "edited_count", "rejected_count",
               "flagged_count", "empty_count"}  # fmt: skip
    row = made.model_dump(exclude=counted) | {"column_mapping": json.dumps(made.column_mapping)}
    work = jobs.beside(caller, "assemble", (ENTITY, made.id), f"Assemble {made.name}", _MADE)
    queued = add_row(
        caller, "training_sheets", row, given=_STILL_SO, edges=edges, also=[work],
        seen_version=sheet_version,
    )  # fmt: skip
    return queued.done
