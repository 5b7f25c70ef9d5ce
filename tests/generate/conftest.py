"""A published sheet, a published template, and what is assembled of them."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from ontos.data.sheets import Sheet, SheetSpec, create_sheet, publish_sheet
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.templates import Template, TemplateSpec, create_template, publish_template
from ontos.generate.training_sheets import (
    TrainingSheet,
    get_training_sheet,
    get_training_sheet_job,
)
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.kernel.jobs import Job

MESSAGES = [
    {"ref": "a", "text": "Where is my order?", "intent": "delivery"},
    {"ref": "b", "text": "I was charged twice", "intent": "billing"},
    {"ref": "c", "text": None, "intent": " "},
    {"ref": "d", "text": "'; DROP TABLE pairs; --\n\U0001f600 {{ text }}", "intent": None},
]


@pytest.fixture
def sheet_of(caller: Caller, table: Callable[..., str]) -> Callable[..., Sheet]:
    """A published sheet over these rows, whose items are named by `ref` unless another is given."""

    def make(rows: list[dict[str, Any]], name: str = "messages", publish: bool = True,
             item_id_column: str = "ref") -> Sheet:  # fmt: skip
        spec = SheetSpec(name=name, source_table=table(name, rows), item_id_column=item_id_column)
        sheet = create_sheet(caller, spec)
        return publish_sheet(caller, sheet.id) if publish else sheet

    return make


@pytest.fixture
def sheet(sheet_of: Callable[..., Sheet]) -> Sheet:
    return sheet_of(MESSAGES)


@pytest.fixture
def template_of(caller: Caller) -> Callable[..., Template]:
    """A published template with this user prompt."""

    def make(user_prompt: str, system_prompt: str | None = None, publish: bool = True) -> Template:
        spec = TemplateSpec(name="sorter", label_type="intent", system_prompt=system_prompt,
                            user_prompt=user_prompt)  # fmt: skip
        made = create_template(caller, spec)
        return publish_template(caller, made.id) if publish else made

    return make


@pytest.fixture
def template(template_of: Callable[..., Template]) -> Template:
    return template_of("Message: {{ message }}\nIntent:", "You sort messages.")


@pytest.fixture
def settled(caller: Caller) -> Callable[[TrainingSheet], TrainingSheet]:
    """The training sheet once its newest job has ended."""

    def wait(sheet: TrainingSheet) -> TrainingSheet:
        ended(caller, sheet.id)
        return get_training_sheet(caller, sheet.id)

    return wait


@pytest.fixture
def assembled(
    caller: Caller, settled: Callable[..., TrainingSheet]
) -> Callable[..., TrainingSheet]:
    """Assemble and wait for the end, good or bad."""

    def make(sheet: Sheet, template: Template, mapping: dict[str, str] | None = None,
             response_column: str | None = "intent") -> TrainingSheet:  # fmt: skip
        spec = AssembleSpec(
            name="pairs of it", template_id=template.id, response_column=response_column,
            column_mapping=mapping if mapping is not None else {"message": "text"},
        )  # fmt: skip
        return settled(assemble_sheet(caller, sheet.id, spec))

    return make


def ended(caller: Caller, training_sheet_id: str, seconds: float = 20) -> Job:
    """The newest job of a training sheet, when it is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = get_training_sheet_job(caller, training_sheet_id)
        if job and job.status not in ("queued", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError(f"still going: {job}")


def pairs(caller: Caller, training_sheet_id: str) -> dict[str, dict[str, Any]]:
    """The pairs by item."""
    rows = caller.warehouse.rows(
        "SELECT * FROM pairs WHERE training_sheet_id = :id", id=training_sheet_id
    )
    return {row["item_ref"]: row for row in rows}


def laid_open(caller: Caller, *prompts: str, system: str | None = None) -> str:
    """A training sheet with these prompts and no response, over a sheet of no table; its id.

    Items are p000, p001, …
    """
    key, sheet, at = new_id(), new_id(), now()
    caller.warehouse.execute(
        "INSERT INTO sheets (id, name, source_table, columns, status, version, created_by,"
        " created_at, updated_by, updated_at) VALUES (:id, 'sheet', 'a.b.c', '[]', 'published', 1,"
        " 'ann', :at, 'ann', :at)",
        id=sheet, at=at,
    )  # fmt: skip
    caller.warehouse.execute(
        "INSERT INTO training_sheets (id, name, sheet_id, sheet_name, template_id, template_name,"
        " label_type, system_prompt, user_prompt, column_mapping, status, total_items,"
        " auto_approved_count, version, created_by, created_at, updated_by, updated_at)"
        " VALUES (:id, 'sheet', :sheet, 'x', 'x', 'x', 'x', :system, 'x', '{}', 'ready', 0, 0, 1,"
        " 'ann', :at, 'ann', :at)",
        id=key, sheet=sheet, system=system, at=at,
    )  # fmt: skip
    names = [f"p{n:03d}" for n in range(len(prompts))]
    listed = " UNION ALL ".join(f"SELECT '{name}' AS id, :{name} AS prompt" for name in names)
    caller.warehouse.execute(
        "INSERT INTO pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response_source,"
        " review_status, version, created_at, updated_at) SELECT concat(:key, id), :key, :sheet,"
        f" id, prompt, 'none', 'pending', 1, :at, :at FROM ({listed}) AS given",
        key=key, sheet=sheet, at=at, **dict(zip(names, prompts, strict=True)),
    )  # fmt: skip
    return key


def canonical(
    caller: Caller, sheet_id: str, item: str, response: str, kind: str = "intent"
) -> None:
    """A label as a review leaves it."""
    caller.warehouse.execute(
        "INSERT INTO canonical_labels (id, sheet_id, item_ref, label_type, response, version,"
        " created_by, created_at, updated_by, updated_at) VALUES (md5(concat(:sheet, '/', :item,"
        " '/', :kind)), :sheet, :item, :kind, :response, 1, 'ana', :at, 'ben', :at)",
        sheet=sheet_id, item=item, kind=kind, response=response, at=now(),
    )  # fmt: skip
