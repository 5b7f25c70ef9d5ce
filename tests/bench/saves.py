"""Every write that a person makes by a button and that is pure persistence, ready to be made."""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ontos.data.sheets import (
    SheetChange,
    SheetSpec,
    archive_sheet,
    create_sheet,
    get_sheet,
    list_sheets,
    publish_sheet,
    update_sheet,
)
from ontos.data.sources import delete_source, upload_file
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.rendering import placeholders
from ontos.generate.templates import (
    TemplateChange,
    TemplateSpec,
    archive_template,
    create_template,
    list_templates,
    publish_template,
    revise_template,
    update_template,
)
from ontos.generate.training_sheets import archive_training_sheet, get_training_sheet
from ontos.govern.members import MemberSpec, grant_role, revoke_role
from ontos.govern.overview import dismiss_notice
from ontos.govern.projects import (
    ProjectSpec,
    archive_project,
    create_project,
    restore_project,
)
from ontos.govern.roles import LevelChange, LevelChanges, set_level, set_levels
from ontos.govern.tokens import TokenSpec, create_token, revoke_token
from ontos.improve.feedback import (
    FeedbackSpec,
    ToTraining,
    create_feedback,
    list_feedback,
    use_feedback,
)
from ontos.improve.gaps import TaskOfGap, close_gap, create_gap_task
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.kernel.operation import OPERATIONS
from ontos.kernel.transfer import Upload
from ontos.label.pairs import PairFilter, list_pairs
from ontos.label.reviews import Review, ReviewBatch, review_batch, review_pairs
from ontos.label.tasks import (
    Assignment,
    TaskSpec,
    assign_task,
    cancel_task,
    complete_task,
    create_task,
)
from ontos.label.usage import Usage, UsageOfMany, set_usage, set_usage_of_pairs
from ontos.monitor.metrics import Metric, ingest_metric
from ontos.warehouse import Warehouse
from ontos.workspace import Catalog, Table

ELSEWHERE = {
    "upload_file": "reads a file into a table",
    "cancel_training_sheet_job": "stops running work",
    "generate_responses": "asks a model",
    "create_training_job": "trains", "cancel_training_job": "trains",
    "evaluate_training_job": "trains", "retrain_gap": "trains",
    "create_endpoint": "serves", "update_endpoint": "serves", "rollback_endpoint": "serves",
    "delete_endpoint": "serves", "set_guardrails": "serves", "set_traffic": "serves",
    "query_endpoint": "serves",
    "ingest_metrics": "has no button: programs send many rows at once",
    "analyze_gaps": "looks for gaps",
    "create_project": "makes tables", "create_org": "makes tables",
    "make_setup": "asks the workspace",
    "load_sample": "is many operations", "remove_sample": "is many operations",
}  # fmt: skip
"""Writes that are more than persistence, and what they do."""

ACTS = {
    "publish_sheet": "counts the items of a table",
    "delete_source": "drops a table",
    "restore_project": "brings tables up to date",
}
"""More than persistence as well, but saved like a save; they take two waits, for that comes first.

docs/decisions/012-a-save-is-a-script.md says why.
"""

Save = Callable[[], object]


class Unity:
    """A catalog that costs no statement: in a workspace, Unity Catalog is asked over REST."""

    def __init__(self, told: Catalog) -> None:
        self._told = told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._told, name)

    def inside(self, transaction: Warehouse) -> "Unity":
        return self

    def table(self, full_name: str) -> Table | None:
        with ThreadPoolExecutor(1) as untold:  # of which no tally knows
            return untold.submit(self._told.table, full_name).result()


class Ground(NamedTuple):
    """A training sheet with at least eight pending pairs that have a response, and its caller."""

    caller: Caller
    training_sheet_id: str


def measured() -> set[str]:
    """The operations whose saves `every_save` holds."""
    writes = {name for name, op in OPERATIONS.items() if op.effect == "write"}
    return writes - set(ELSEWHERE)


def every_save(ground: Ground) -> dict[str, Save]:
    """By operation, with a suffix where there are several; each may be made once, in this order.

    What they are about was read before, as a page reads what it shows.
    """
    workspace = replace(ground.caller.workspace, catalog=Unity(ground.caller.workspace.catalog))
    ground = ground._replace(caller=replace(ground.caller, workspace=workspace))
    parts = (_sheets, _templates, _labels, _tasks, _improving, _people, _projects, _ends)
    return {name: save for part in parts for name, save in part(ground).items()}


def waits(name: str) -> int:
    """How many a save may take."""
    return 2 if operation_of(name) in ACTS else 1


def operation_of(name: str) -> str:
    return name.partition(":")[0]


def _sheets(ground: Ground) -> dict[str, Save]:
    caller = ground.caller
    base = get_sheet(caller, get_training_sheet(caller, ground.training_sheet_id).sheet_id)
    spec = SheetSpec(name="saved", source_table=base.source_table)
    draft, other = create_sheet(caller, spec), create_sheet(caller, spec)
    list_sheets(caller)
    modalities = {base.columns[0].name: "label"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.csv"
        path.write_text("a,b\n1,2\n", encoding="utf-8")
        source = upload_file(caller, Upload(path, "saved.csv", "text/csv"), f"saved {new_id()}")
    return {
        "create_sheet": partial(create_sheet, caller, spec),
        "update_sheet": partial(update_sheet, caller, draft.id, SheetChange(description="d")),
        "update_sheet:modalities": partial(
            update_sheet, caller, draft.id, SheetChange.model_validate({"modalities": modalities})
        ),
        "publish_sheet": partial(publish_sheet, caller, draft.id),
        "archive_sheet": partial(archive_sheet, caller, other.id),
        "delete_source": partial(delete_source, caller, source.id),
    }


def _templates(ground: Ground) -> dict[str, Save]:
    caller = ground.caller
    base = get_training_sheet(caller, ground.training_sheet_id)
    spec = TemplateSpec(name="saved", label_type=base.label_type, user_prompt=base.user_prompt)
    drafts = [create_template(caller, spec).id for _ in range(3)]
    public = publish_template(caller, create_template(caller, spec).id).id
    list_templates(caller)
    columns = {name: name for name in placeholders(base.user_prompt)}
    assembled = AssembleSpec(name="saved", template_id=public, column_mapping=columns)
    return {
        "create_template": partial(create_template, caller, spec),
        "update_template": partial(update_template, caller, drafts[0], TemplateChange(name="t")),
        "publish_template": partial(publish_template, caller, drafts[1]),
        "archive_template": partial(archive_template, caller, drafts[2]),
        "revise_template": partial(revise_template, caller, public),
        "assemble_sheet": partial(assemble_sheet, caller, base.sheet_id, assembled),
    }


def _labels(ground: Ground) -> dict[str, Save]:
    caller, key = ground
    where = {"review_status": "pending", "has_response": True}
    pairs = list_pairs(caller, key, limit=6, **where).items  # type: ignore[arg-type]
    batch = ReviewBatch.model_validate({"changes": [
        {"pair_id": pair.id, "version": pair.version, "action": "approve"} for pair in pairs[:2]
    ]})  # fmt: skip
    reject = Review(action="reject", pair_ids=[pairs[2].id], reason="saved")
    one = Review(action="flag", where=PairFilter(item_ref=pairs[3].item_ref), reason="saved")
    use, many = Usage(reason="saved"), [pair.id for pair in pairs[4:6]]
    all_of = UsageOfMany(reason="saved", pair_ids=many, prohibited_uses=["testing"])
    return {
        "review_batch": partial(review_batch, caller, key, batch),
        "review_pairs": partial(review_pairs, caller, key, reject),
        "review_pairs:by_filter": partial(review_pairs, caller, key, one),
        "set_usage": partial(set_usage, caller, pairs[4].id, use),
        "set_usage_of_pairs": partial(set_usage_of_pairs, caller, key, all_of),
    }


def _tasks(ground: Ground) -> dict[str, Save]:
    caller, key = ground
    spec = TaskSpec(title="saved", target_record_count=1, training_sheet_id=key)
    one, two, three = (create_task(caller, spec).id for _ in range(3))
    return {
        "create_task": partial(create_task, caller, spec),
        "assign_task": partial(assign_task, caller, one, Assignment(assignee=caller.user)),
        "complete_task": partial(complete_task, caller, two),
        "cancel_task": partial(cancel_task, caller, three),
    }


def _improving(ground: Ground) -> dict[str, Save]:
    caller, key = ground
    name = f"saved-{new_id()}"
    gaps = _served(caller, name, key)
    prompt = get_training_sheet(caller, key).user_prompt
    spec = FeedbackSpec(
        endpoint_name=name, input=dict.fromkeys(placeholders(prompt), "x"), output="o",
        rating="up",
    )  # fmt: skip
    given = create_feedback(caller, spec).id
    list_feedback(caller)
    metric = Metric(endpoint_name=name, latency_ms=1.0, status_code=200)
    task = TaskOfGap(title="saved")
    return {
        "ingest_metric": partial(ingest_metric, caller, metric),
        "create_feedback": partial(create_feedback, caller, spec),
        "use_feedback": partial(use_feedback, caller, given, ToTraining(training_sheet_id=key)),
        "create_gap_task": partial(create_gap_task, caller, gaps[0], task),
        "close_gap": partial(close_gap, caller, gaps[1]),
    }


def _people(ground: Ground) -> dict[str, Save]:
    caller = ground.caller
    scopes = TokenSpec(title="saved", scopes={"sheets": "read"})
    token, who = create_token(caller, scopes).id, f"{new_id()}@example.org"
    grant_role(caller, MemberSpec(principal=who, role="labeler"))
    notice = new_id()
    _put(caller, "notices", id=notice, user=caller.user, message="saved", at=now())
    level, *levels = (
        LevelChange(role="labeler", feature=feature, level="read")
        for feature in ("sheets", "templates", "improve")
    )
    return {
        "create_token": partial(create_token, caller, scopes),
        "revoke_token": partial(revoke_token, caller, token),
        "grant_role": partial(grant_role, caller, MemberSpec(principal=who, role="reviewer")),
        "revoke_role": partial(revoke_role, caller, who, "labeler"),
        "set_level": partial(set_level, caller, level),
        "set_levels": partial(set_levels, caller, LevelChanges(changes=levels)),
        "dismiss_notice": partial(dismiss_notice, caller, notice),
    }


def _projects(ground: Ground) -> dict[str, Save]:
    key = f"p{new_id()[-8:]}"
    create_project(ground.caller, ProjectSpec(id=key, title="saved"))
    return {
        "archive_project": partial(archive_project, ground.caller, key),
        "restore_project": partial(restore_project, ground.caller, key),
    }


def _ends(ground: Ground) -> dict[str, Save]:
    """A training sheet of its own is archived: the others need theirs."""
    caller, key = ground.caller, new_id()
    made = get_training_sheet(caller, ground.training_sheet_id)
    _put(
        caller, "training_sheets", id=key, name="saved", sheet_id=made.sheet_id, sheet_name="s",
        template_id=made.template_id, template_name="t", label_type="x", user_prompt="u",
        column_mapping="{}", status="ready", total_items=0, auto_approved_count=0, version=1,
        created_by=caller.user, created_at=now(), updated_by=caller.user, updated_at=now(),
    )  # fmt: skip
    return {"archive_training_sheet": partial(archive_training_sheet, caller, key)}


def _served(caller: Caller, name: str, training_sheet_id: str) -> list[str]:
    """An endpoint as it is stored, the job behind its version, and two gaps of it."""
    made = {"version": 1, "created_by": caller.user, "created_at": now()}
    _put(
        caller, "endpoints", name=name, model_name=name, model_version="1", status="ready",
        updated_by=caller.user, updated_at=now(), **made,
    )  # fmt: skip
    _put(
        caller, "training_jobs", id=new_id(), training_sheet_id=training_sheet_id,
        training_sheet_name="s", model_name=name, trainer="auto", train_val_split=0.8,
        training_config="{}", status="succeeded", progress_percent=100.0, total_pairs=1,
        train_pairs=1, val_pairs=0, uc_model_name=name, uc_model_version="1", **made,
    )  # fmt: skip
    gaps = [new_id(), new_id()]
    for key in gaps:
        _put(
            caller, "gaps", id=key, endpoint_name=name, model_name=name, model_version="1",
            kind="label_errors", severity=0.5, affected=1, total=2, evidence_summary="s",
            evidence_query="SELECT 1", evidence_values="{}", status="open", updated_at=now(),
            **made,
        )  # fmt: skip
    return gaps


def _put(caller: Caller, table: str, **row: Any) -> None:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    caller.warehouse.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", **row)
