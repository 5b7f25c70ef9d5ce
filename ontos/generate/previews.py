"""What a template makes of a real item, before anything is assembled."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from ontos.data.access import reader
from ontos.data.sheets import Sheet, get_sheet, items_of, source_of
from ontos.generate.mapping import check_mapping, check_shown, equal_names
from ontos.generate.rendering import compile_prompt, placeholders, render
from ontos.generate.templates import check_prompts, get_template, system_message
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Id, Input, Text
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.warehouse import quote, together


class PreviewSpec(Input):
    """Of the item at `offset`. Placeholders without a column take the one of their own name."""

    sheet_id: Id
    column_mapping: dict[str, str] = Field(default_factory=dict)
    offset: int = Field(0, ge=0)


class PromptSpec(Input):
    """Prompts that are being written; with `item` they are also rendered."""

    system_prompt: Text | None = None
    user_prompt: Text
    item: PreviewSpec | None = None


class PromptPreview(BaseModel):
    """What the model would be sent for one item; `column_mapping` is the one that was used."""

    item_ref: str
    system_prompt: str | None
    user_prompt: str
    column_mapping: dict[str, str]


class PromptCheck(BaseModel):
    """`placeholders` in order of first appearance; `preview` is None where no item was named."""

    placeholders: list[str]
    preview: PromptPreview | None


@operation(
    "POST /templates/{template_id}/preview", needs=read("templates"), effect="read", rights="person"
)
def preview_template(caller: Caller, template_id: Id, spec: PreviewSpec) -> PromptPreview:
    """Render a template for one item of a sheet."""
    template = get_template(caller, template_id)
    return _preview(caller, system_message(template.system_prompt), template.user_prompt, spec)


@operation("POST /templates/check", needs=read("templates"), effect="read", rights="person")
def check_template(caller: Caller, spec: PromptSpec) -> PromptCheck:
    """Check prompts that are not saved yet, and render them for one item where one is named."""
    found = check_prompts(spec.system_prompt, spec.user_prompt)
    shown = None
    if spec.item is not None:
        system = system_message(spec.system_prompt)
        shown = _preview(caller, system, spec.user_prompt, spec.item)
    return PromptCheck(placeholders=found, preview=shown)


def _preview(caller: Caller, system: str | None, user: str, spec: PreviewSpec) -> PromptPreview:
    sheet = get_sheet(caller, spec.sheet_id)
    columns = [column.name for column in sheet.columns]
    wanted = placeholders(user)
    mapping = equal_names(wanted, columns) | spec.column_mapping
    check_mapping(wanted, mapping, columns)
    check_shown("column_mapping", mapping.values(), sheet.item_id_column)
    _, item = together(
        lambda: source_of(caller, sheet, "sheet_id"),
        lambda: _item(caller, sheet, mapping, spec.offset),
    )
    prompt = render(compile_prompt(user), {n: item[f"v{at}"] for at, n in enumerate(mapping)})
    return PromptPreview(
        item_ref=item["item_ref"], system_prompt=system, user_prompt=prompt, column_mapping=mapping
    )


def _item(caller: Caller, sheet: Sheet, mapping: Mapping[str, str], offset: int) -> dict[str, Any]:
    """One item in the order of references; its mapped values as v0, v1, …"""
    chosen = "".join(f", {quote(name)} AS v{at}" for at, name in enumerate(mapping.values()))
    found = (
        reader(caller, sheet.source_table)
        .arrow(
            f"SELECT item_ref{chosen} FROM ({items_of(sheet)}) AS items"  # noqa: S608
            " ORDER BY item_ref LIMIT 1 OFFSET :offset",
            offset=offset,
        )
        .to_pylist()
    )
    if not found:
        raise NotFound(f"offset: sheet {sheet.name!r} has no item {offset}. Choose a smaller one.",
                       field="offset")  # fmt: skip
    item: dict[str, Any] = found[0]
    return item
