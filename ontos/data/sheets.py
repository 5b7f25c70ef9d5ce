"""Sheets: datasets over tables, item by item. Draft, then published, then archived."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ontos.data.access import reader, require_select
from ontos.data.catalog import Offset, Preview, find_table, look
from ontos.data.items import REF, items_sql
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, NotFound, NotNow, Refused
from ontos.kernel.fields import STORED, Id, Input, Limit, Name, Record, Text, new_id, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.lineage import Edge, Node
from ontos.kernel.operation import operation, permit
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import add_row, change_row, explain
from ontos.kernel.seen import beside, by_sight, see
from ontos.warehouse import together
from ontos.workspace import Table

Modality = Literal["text", "image", "metadata", "label"]
Status = Literal["draft", "published", "archived"]

SHEET_STATES = Lifecycle(
    "sheet", {"draft": ("published", "archived"), "published": ("archived",), "archived": ()}
)


_STORED = "from_json(columns, 'ARRAY<STRUCT<name: STRING, type: STRING, modality: STRING>>')"
_GIVEN = "from_json(:modalities, 'ARRAY<STRUCT<name: STRING, modality: STRING>>')"
_CORRECTED = (
    f"to_json(transform({_STORED}, c -> named_struct('name', c.name, 'type', c.type, 'modality',"
    f" coalesce(get(transform(filter({_GIVEN}, g -> g.name = c.name), g -> g.modality), 0),"
    " c.modality))))"
)
"""The columns of a sheet with the modalities that are given instead of those they had."""
_KNOWN = (
    f"size(array_except(transform({_GIVEN}, g -> g.name), transform({_STORED}, c -> c.name))) = 0"
)
"""Whether every column that is given is one of the sheet's."""


class SheetColumn(BaseModel):
    """`type` is a Databricks SQL type; image columns hold addresses of pictures."""

    name: str
    type: str
    modality: Modality


class Sheet(Record):
    """`item_count` is None until it is published."""

    id: str
    name: str
    description: str | None
    source_table: str
    item_id_column: str | None
    columns: Annotated[list[SheetColumn], STORED]
    status: Status
    item_count: int | None
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


class SheetSpec(Input):
    """`modalities` overrides what was guessed from names and types."""

    name: Name
    source_table: str
    description: Text | None = None
    item_id_column: str | None = None
    modalities: dict[str, Modality] = Field(default_factory=dict)


class SheetChange(Input):
    """Only what is given changes; `version` refuses to overwrite somebody else's change."""

    name: Name | None = None
    description: Text | None = None
    modalities: dict[str, Modality] | None = None
    version: int | None = None


@operation("POST /sheets", needs=write("sheets"), rights="person")
def create_sheet(caller: Caller, spec: SheetSpec) -> Sheet:
    """Make a draft sheet over a table."""
    table = find_table(caller, spec.source_table, "source_table")
    columns = _columns(table, spec.modalities)
    if spec.item_id_column is not None:
        _require_column(columns, spec.item_id_column, "item_id_column")
    given = spec.model_dump(exclude={"modalities", "source_table"})
    sheet = Sheet(
        **given, source_table=table.full_name, columns=columns, id=new_id(), status="draft",
        item_count=None, version=1, created_by=caller.user, created_at=now(),
        updated_by=caller.user, updated_at=now(),
    )  # fmt: skip
    row = sheet.model_dump() | {"columns": _text(sheet.columns)}
    came = Edge(Node("table", table.full_name, table.full_name), node(sheet), "create_sheet")
    add_row(caller, "sheets", row, kind="sheet", edges=[came])
    if caller.warehouse.atomic:  # dropped since it was looked at, it is missed: all is undone
        find_table(caller, spec.source_table, "source_table")
    return sheet


@operation("GET /sheets", needs=read("sheets"))
def list_sheets(
    caller: Caller, status: Status | None = None, limit: Limit = 100, cursor: str | None = None
) -> Page[Sheet]:
    """Sheets, newest first."""
    rows = caller.warehouse.rows(
        "SELECT * FROM sheets WHERE (:status IS NULL OR status = :status)"
        " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit",
        status=status, after=decode(cursor), limit=limit + 1,
    )  # fmt: skip
    return page([see(caller, Sheet(**row)) for row in rows], limit, lambda sheet: sheet.id)


@operation("GET /sheets/{sheet_id}", needs=read("sheets"))
def get_sheet(caller: Caller, sheet_id: Id) -> Sheet:
    """One sheet."""
    return look_up_sheet(caller, sheet_id)


def look_up_sheet(caller: Caller, sheet_id: str) -> Sheet:
    """The sheet, remembered; asks for no permission, so for nobody's eyes. Raises NotFound."""
    rows = caller.warehouse.rows("SELECT * FROM sheets WHERE id = :id", id=sheet_id)
    if not rows:
        raise _no_sheet(sheet_id)
    return see(caller, Sheet(**rows[0]))


@operation("PUT /sheets/{sheet_id}", needs=write("sheets"))
def update_sheet(caller: Caller, sheet_id: Id, change: SheetChange) -> Sheet:
    """Rename or describe a sheet, or correct the modality of its columns."""
    given = change.model_dump(exclude_none=True, include={"name", "description"})
    return _save(
        caller, sheet_id, given, SHEET_STATES.open, change.version, change.modalities or {}
    )


@operation("POST /sheets/{sheet_id}/publish", needs=write("sheets"), rights="person")
def publish_sheet(caller: Caller, sheet_id: Id) -> Sheet:
    """Check the items and open the sheet for assembling."""
    permit(caller, "get_sheet")
    return by_sight(caller, lambda sight: _published(caller, sight(Sheet, sheet_id, get_sheet)))


def _published(caller: Caller, sheet: Sheet) -> Sheet:
    SHEET_STATES.check(sheet.status, "published")
    _, _, items = together(
        lambda: source_of(caller, sheet),
        lambda: require_select(caller, sheet.source_table),
        lambda: _count_items(caller, sheet),
    )
    change = {"status": "published", "item_count": items}
    return _save(caller, sheet.id, change, SHEET_STATES.before("published"), sheet.version)


@operation("POST /sheets/{sheet_id}/archive", needs=write("sheets"))
def archive_sheet(caller: Caller, sheet_id: Id) -> Sheet:
    """Retire a sheet: it stays readable, but nothing more is assembled from it."""
    return _save(caller, sheet_id, {"status": "archived"}, SHEET_STATES.before("archived"))


@operation("GET /sheets/{sheet_id}/preview", needs=read("sheets"), rights="person")
def preview_sheet(caller: Caller, sheet_id: Id, limit: Limit = 20, offset: Offset = 0) -> Preview:
    """Some items of a sheet, in the order of their references."""

    def rows_of(sheet: Sheet) -> Preview:
        shown = (
            f"SELECT * FROM ({items_of(sheet)}) AS items"  # noqa: S608
            " ORDER BY item_ref LIMIT :limit OFFSET :offset"
        )
        _, rows = together(
            lambda: source_of(caller, sheet),
            lambda: reader(caller, sheet.source_table).rows(shown, limit=limit + 1, offset=offset),
        )
        names = [REF, *(c.name for c in sheet.columns if c.name.lower() != REF)]
        return look(names, rows, limit, offset)

    return beside(caller, Sheet, sheet_id, partial(get_sheet, caller, sheet_id), rows_of)


def items_of(sheet: Sheet) -> str:
    """A SELECT of the sheet's items: `item_ref`, then its columns."""
    return items_sql(sheet.source_table, [c.name for c in sheet.columns], sheet.item_id_column)


def source_of(caller: Caller, sheet: Sheet, field: str = "source_table") -> Table:
    """The sheet's table, which still has every column of the sheet, and of the same type.

    A type that changed would be cast in silence: what people saw and labelled was another value.
    """
    try:
        table = find_table(caller, sheet.source_table, field)
    except NotFound as error:
        raise NotFound(
            f"{field}: the table {sheet.source_table} of sheet {sheet.name!r} is gone, or you may "
            "not see it. Bring it back or ask its owner for SELECT; or make a new sheet.",
            field=field,
        ) from error
    there = {column.name.lower(): column.type for column in table.columns}
    gone = [column.name for column in sheet.columns if column.name.lower() not in there]
    changed = [
        f"{column.name} (was {column.type}, is {there[column.name.lower()]})"
        for column in sheet.columns
        if column.type.upper() != there.get(column.name.lower(), column.type).upper()
    ]
    for what, columns in (("lost columns", gone), ("another type in columns", changed)):
        if columns:
            raise Refused(
                f"{field}: {sheet.source_table} has {what} of sheet {sheet.name!r}: "
                f"{_listed(columns)}. Change the table back, or make a new sheet of it.",
                field=field,
            )
    return table


def node(sheet: Sheet) -> Node:
    return Node("sheet", sheet.id, sheet.name)


def _count_items(caller: Caller, sheet: Sheet) -> int:
    """How many items there are; refuses an empty table and ids that do not tell items apart."""
    counted = caller.warehouse.rows(
        "SELECT count(*) AS items, count(item_ref) AS named, count(DISTINCT item_ref) AS distinct_refs"  # noqa: S608, E501
        f" FROM ({items_of(sheet)}) AS items"
    )[0]
    total, named, unique = counted["items"], counted["named"], counted["distinct_refs"]
    if total == 0:
        raise Refused(
            f"source_table: {sheet.source_table} has no rows. Load some, then publish.",
            field="source_table",
        )
    if named < total or unique < named:
        raise Refused(
            f"item_id_column: {sheet.item_id_column} must name each row once, but of {total:,} "
            f"rows {total - named:,} have none and {named - unique:,} repeat another's. Make "
            "a sheet with another column, or with none (rows are then named by their content).",
            field="item_id_column",
        )
    return int(total)


def _columns(table: Table, given: dict[str, Modality]) -> list[SheetColumn]:
    columns = [
        SheetColumn(name=c.name, type=c.type, modality=guess_modality(c.name, c.type))
        for c in table.columns
    ]
    return _with_modalities(columns, given)


def _with_modalities(columns: list[SheetColumn], given: dict[str, Modality]) -> list[SheetColumn]:
    for name in given:
        _require_column(columns, name, "modalities")
    return [c.model_copy(update={"modality": given.get(c.name, c.modality)}) for c in columns]


def guess_modality(name: str, kind: str) -> Modality:
    """By convention of names: `label` and `image` columns are named so; other text is text."""
    words = set(name.lower().replace("-", "_").split("_"))
    if words & {"label", "labels", "intent", "class", "category", "topic", "sentiment", "target"}:
        return "label"
    if words & {"image", "img", "picture", "photo"}:
        return "image"
    if kind == "STRING" and not words & {"id", "ref", "key", "split"}:
        return "text"
    return "metadata"


def _require_column(columns: list[SheetColumn], name: str, field: str) -> None:
    names = [c.name for c in columns]
    if name not in names:
        raise Invalid(
            f"{field}: there is no column {name[:60]!r}. Choose one of: {_listed(names)}.",
            field=field,
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def _save(
    caller: Caller, sheet_id: str, changes: Mapping[str, Any], states: tuple[str, ...],
    version: int | None = None, modalities: Mapping[str, Modality] | None = None,
) -> Sheet:  # fmt: skip
    """The sheet after the change; refuses with the reason where it may not be changed (so)."""
    corrected: dict[str, Any] = {
        "computed": {"columns": _CORRECTED}, "given": _KNOWN,
        "modalities": json.dumps([{"name": n, "modality": m} for n, m in modalities.items()]),
    } if modalities else {}  # fmt: skip
    row, done = change_row(
        caller, "sheets", sheet_id, changes, states=states, version=version, **corrected
    )
    if row is None:
        raise _no_sheet(sheet_id)
    if not done:
        for name in modalities or ():
            _require_column(Sheet(**row).columns, name, "modalities")
        explain(SHEET_STATES, row, states, changes.get("status"))
        raise NotNow(f"This sheet is {row['status']} and cannot be changed. Make a new one.")
    return Sheet(**row)


def _no_sheet(sheet_id: str) -> NotFound:
    return NotFound(
        f"There is no sheet {sheet_id}. List sheets for those there are.", field="sheet_id"
    )


def _text(columns: list[SheetColumn]) -> str:
    return json.dumps([c.model_dump() for c in columns])
