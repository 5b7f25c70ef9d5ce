"""Models and tables hold together: each field of a stored model is a column of the store."""

from collections.abc import Iterable

import pytest
from pydantic import BaseModel

from ontos.bootstrap import Workbench
from ontos.data.sheets import Sheet
from ontos.deploy.endpoints import Endpoint, Served
from ontos.generate.templates import Template
from ontos.generate.training_sheets import TrainingSheet
from ontos.govern.members import Member
from ontos.govern.orgs import Org
from ontos.govern.overview import Notice
from ontos.govern.projects import Project
from ontos.govern.tokens import Token
from ontos.improve.feedback import Feedback
from ontos.improve.gaps import Gap
from ontos.kernel.jobs import Job
from ontos.kernel.journal import Entry
from ontos.kernel.tenancy import SYSTEM, desired, org_schema
from ontos.label.labels import CanonicalLabel
from ontos.label.pairs import Pair
from ontos.label.tasks import Task
from ontos.train.training_jobs import TrainingEvent, TrainingJob
from ontos.warehouse import declared

TABLES = declared(desired(system=True)) | declared(desired(system=False))
STATES = ("pending", "approved", "edited", "rejected", "flagged", "empty")
COUNTS = {f"{state}_count" for state in STATES}
USES = ("allowed_uses", "prohibited_uses")

STORED: tuple[tuple[type[BaseModel], str, Iterable[str]], ...] = (
    (Org, "orgs", ()),
    (Project, "projects", ()),
    (Member, "members", ()),
    (Token, "tokens", ()),
    (Entry, "journal", ()),
    (Job, "jobs", ()),
    (Notice, "notices", ()),
    (Sheet, "sheets", ()),
    (Template, "templates", ()),
    (TrainingSheet, "training_sheets", COUNTS),
    (Pair, "pairs", ("messages", *USES)),
    (CanonicalLabel, "canonical_labels", ("sheet_name", *USES, "reason")),
    (Task, "annotation_tasks", ("training_sheet_name", "reviewed_count")),
    (TrainingJob, "training_jobs", ()),
    (TrainingEvent, "training_job_events", ()),
    (Endpoint, "endpoints", ()),
    (Served, "endpoint_versions", ()),
    (Feedback, "feedback", ()),
    (Gap, "gaps", ()),
)
"""Model, its table, and the fields that are joined or counted, not stored."""


@pytest.mark.parametrize(
    ("model", "table", "derived"), STORED, ids=[table for _, table, _ in STORED]
)
def test_every_field_is_a_column(
    model: type[BaseModel], table: str, derived: Iterable[str]
) -> None:
    assert set(model.model_fields) - set(derived) <= set(TABLES[table])


@pytest.mark.parametrize("system", [True, False])
def test_the_store_has_what_is_declared(bench: Workbench, system: bool) -> None:
    schema = SYSTEM if system else org_schema("default")
    rows = bench.engine.rows(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = :schema",
        schema=schema,
    )
    there = {(row["table_name"], row["column_name"]) for row in rows}
    wanted = {(t, c) for t, columns in declared(desired(system)).items() for c in columns}
    assert there == wanted
