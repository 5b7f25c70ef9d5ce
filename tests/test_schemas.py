"""Models and tables hold together, and each table is declared as Delta takes it."""

from collections.abc import Iterable

import pytest
from pydantic import BaseModel
from sqlglot import exp

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
from ontos.warehouse import declared, lint
from ontos.warehouse.delta import clustered
from ontos.warehouse.dialect.translation import parsed
from ontos.warehouse.migrate import Declaration, declarations

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

EVERY = [*declarations(desired(system=True)), *declarations(desired(system=False))]
NAMES = [each.table for each in EVERY]
WHOLE = {
    "orgs", "projects", "sources", "sheets", "templates", "endpoints", "outbox_positions",
    "role_permissions",
}  # fmt: skip
"""A row for each thing that a person made or named: a list reads all, and one file holds them."""
REFUSED = (
    exp.UniqueColumnConstraint, exp.PrimaryKey, exp.PrimaryKeyColumnConstraint, exp.ForeignKey,
    exp.Reference, exp.IndexColumnConstraint, exp.CheckColumnConstraint, exp.Constraint,
    exp.DefaultColumnConstraint, exp.GeneratedAsIdentityColumnConstraint,
    exp.GeneratedAsRowColumnConstraint, exp.ComputedColumnConstraint,
    exp.AutoIncrementColumnConstraint, exp.PartitionedByProperty,
)  # fmt: skip
"""What Delta does not enforce, or only with a feature that the table would have to carry."""


@pytest.mark.parametrize("declaration", EVERY, ids=NAMES)
def test_every_table_is_declared_as_delta_takes_it(declaration: Declaration) -> None:
    tree = parsed(declaration.create)
    assert declaration.create.lstrip().partition("(")[0].split()[-6:-1] == (
        ["CREATE", "TABLE", "IF", "NOT", "EXISTS"]
    )
    assert [part.name for part in tree.find_all(exp.FileFormatProperty)] == ["DELTA"]
    assert list(tree.find_all(*REFUSED)) == []
    assert lint(declaration.create) == []


@pytest.mark.parametrize("declaration", EVERY, ids=NAMES)
def test_every_table_and_column_says_what_it_is(declaration: Declaration) -> None:
    tree = parsed(declaration.create)
    (about,) = tree.find_all(exp.SchemaCommentProperty)
    silent = [
        column.name
        for column in tree.this.expressions
        if not any(each.this.name.strip() for each in column.find_all(exp.CommentColumnConstraint))
    ]
    assert (bool(about.this.name.strip()), silent) == (True, [])


def test_what_reads_filter_is_clustered() -> None:
    """A table that grows with use is clustered by what its readers ask for."""
    keys = {each.table: clustered(parsed(each.create)) for each in EVERY}
    assert {table for table, by in keys.items() if not by} == WHOLE


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (" NOT NULL COMMENT 'What people read'", " UNIQUE COMMENT 'What people read'"),
        (" NOT NULL COMMENT 'What people read'", " DEFAULT 'x' COMMENT 'What people read'"),
        (" NOT NULL COMMENT 'What people read'", " PRIMARY KEY COMMENT 'What people read'"),
        ("created_at TIMESTAMP", "born DATE GENERATED ALWAYS AS (CAST(created_at AS DATE)) "
         "COMMENT 'x', created_at TIMESTAMP"),
        (") USING DELTA", ", PRIMARY KEY (id)) USING DELTA"),
        ("USING DELTA", "USING PARQUET"),
        ("USING DELTA", ""),
        ("USING DELTA", "USING DELTA CLUSTER BY (nobody)"),
        ("USING DELTA", "USING DELTA PARTITIONED BY (id)"),
    ],
)  # fmt: skip
def test_what_no_declaration_may_hold_is_seen(written: str, instead: str) -> None:
    sound = next(each for each in EVERY if each.table == "orgs")
    spoilt = sound.create.replace(written, instead, 1)
    assert spoilt != sound.create
    with pytest.raises((AssertionError, ValueError)):
        test_every_table_is_declared_as_delta_takes_it(
            Declaration(sound.table, spoilt, sound.columns)
        )


@pytest.mark.parametrize("lost", [" COMMENT 'What people read'", " COMMENT 'Tenants."])
def test_a_missing_comment_is_seen(lost: str) -> None:
    sound = next(each for each in EVERY if each.table == "orgs")
    end = sound.create.index(lost)
    cut = sound.create[:end] + sound.create[sound.create.index("'", end + 10) + 1 :]
    with pytest.raises((AssertionError, ValueError)):
        test_every_table_and_column_says_what_it_is(Declaration(sound.table, cut, sound.columns))


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
