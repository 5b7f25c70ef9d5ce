"""Two projects of one org, each with an administrator of its own; the first holds everything."""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from starlette.testclient import TestClient

from ontos.bootstrap import Workbench
from ontos.deploy.endpoints import EndpointSpec, create_endpoint
from ontos.generate.training_sheets import get_training_sheet
from ontos.govern.members import MemberSpec, grant_role
from ontos.govern.projects import ProjectSpec, create_project
from ontos.govern.tokens import TokenSpec, create_token
from ontos.improve.feedback import FeedbackSpec, create_feedback
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.label.reviews import Review, review_pairs
from ontos.label.tasks import TaskSpec, create_task
from ontos.sample.project import load_sample
from ontos.train.training_jobs import TrainingJobSpec, create_training_job
from ontos.workspace import Person
from tests.deploy.made import settled
from tests.doors.bad_input.world import World
from tests.train.made import ended, training_sheet

IDS = {
    "sheet_id": "SELECT max(id) AS id FROM sheets",
    "source_id": "SELECT max(id) AS id FROM sources",
    "template_id": "SELECT max(id) AS id FROM templates WHERE name <> 'kinds'",
    "training_sheet_id": "SELECT max(id) AS id FROM training_sheets WHERE name <> 'things'",
    "pair_id": "SELECT max(id) AS id FROM pairs",
    "label_id": "SELECT max(id) AS id FROM canonical_labels",
    "task_id": "SELECT max(id) AS id FROM annotation_tasks",
    "job_id": "SELECT max(id) AS id FROM training_jobs",
    "model_name": "SELECT max(model_name) AS id FROM training_jobs",
    "endpoint_name": "SELECT max(name) AS id FROM endpoints",
    "feedback_id": "SELECT max(id) AS id FROM feedback",
    "gap_id": "SELECT max(id) AS id FROM gaps",
    "entry_id": "SELECT max(id) AS id FROM journal",
    "notice_id": "SELECT max(id) AS id FROM notices",
}
"""Where a thing is found by which every operation's path parameter can be filled."""


@dataclass(frozen=True)
class Two:
    """`ids` are of what was made in the first project."""

    bench: Workbench
    first: Caller
    second: Caller
    ids: dict[str, str]

    @cached_property
    def in_first(self) -> TestClient:
        return World(self.bench, {}).client(self.first)

    @cached_property
    def in_second(self) -> TestClient:
        return World(self.bench, {}).client(self.second)

    def state(self) -> dict[str, Any]:
        """How many rows each table of the first project has, and what is uploaded there."""
        store, schemas = self.first.warehouse, (self.first.tenant.schema, self.first.tenant.uploads)
        tables = store.rows(
            "SELECT table_schema AS s, table_name AS t FROM information_schema.tables"
            " WHERE table_schema IN (:own, :uploads)",
            own=schemas[0], uploads=schemas[1],
        )  # fmt: skip
        counts = " UNION ALL ".join(
            f"SELECT '{row['s']}.{row['t']}' AS name, count(*) AS n FROM `{row['s']}`.`{row['t']}`"
            for row in tables
        )
        return {row["name"]: row["n"] for row in store.rows(counts)}


def two(bench: Workbench) -> Two:
    """Trains and serves a model in the first project, so this takes seconds."""
    callers = [administrator(bench, key) for key in ("alpha", "beta")]
    made = _fill(callers[0])
    found = {name: str(callers[0].warehouse.rows(sql)[0]["id"]) for name, sql in IDS.items()}
    return Two(bench, *callers, found | made)


def administrator(bench: Workbench, project: str) -> Caller:
    """A person who administers one project, made here, and nothing else."""
    me = bench.local_caller()
    create_project(me, ProjectSpec(id=project, title=f"Project {project}"))
    user = f"{project}@example.org"
    grant_role(me, MemberSpec(principal=user, role="admin", project=project))
    return bench.directory.of_person(Person(user), project=project)


def _fill(caller: Caller) -> dict[str, str]:
    made = load_sample(caller)
    while get_training_sheet(caller, made.training_sheet_id).status == "assembling":
        time.sleep(0.02)
    review_pairs(caller, made.training_sheet_id, Review(action="approve", where={}))
    create_task(caller, TaskSpec(title="alpha's task", target_record_count=1))
    things = training_sheet(caller)
    spec = TrainingJobSpec(
        training_sheet_id=things.id, model_name="kinds", training_config={"C": [10.0]}
    )
    job = ended(caller, create_training_job(caller, spec).id)
    assert job.status == "succeeded" and job.created_by == caller.user, job.error_message
    create_endpoint(caller, EndpointSpec(name="asked", model_name="kinds", model_version="1"))
    assert settled(caller, "asked").status == "ready"
    create_feedback(caller, FeedbackSpec(
        endpoint_name="asked", input={"message": "a"}, output="b", rating="down",
    ))  # fmt: skip
    _note(caller)
    token = create_token(caller, TokenSpec(title="alpha's token", scopes={"sheets": "read"}))
    return {"table_name": made.table, "token_id": token.id}


def _note(caller: Caller) -> None:
    """A gap and a notice, as rows."""
    stamp = {"version": 1, "created_by": caller.user, "created_at": now(), "updated_at": now()}
    caller.warehouse.append("gaps", pa.Table.from_pylist([{
        "id": new_id(), "endpoint_name": "asked", "model_name": "kinds", "model_version": "1",
        "kind": "negative_feedback", "severity": 0.5, "affected": 1, "total": 2,
        "evidence_summary": "one of two", "status": "open", "evidence_values": "{}",
        "evidence_query": "SELECT * FROM feedback", **stamp,
    }]))  # fmt: skip
    caller.warehouse.append("notices", pa.Table.from_pylist([{
        "id": new_id(), "user": caller.user, "message": "alpha's notice", "at": now(),
    }]))  # fmt: skip
