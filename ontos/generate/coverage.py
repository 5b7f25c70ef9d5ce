"""How much of a sheet is answered already: canonical labels against a template's label type."""

from pydantic import BaseModel

from ontos.data.access import require_select
from ontos.data.sheets import Sheet, get_sheet, items_of, source_of
from ontos.generate.templates import Template, get_template
from ontos.kernel.caller import Caller
from ontos.kernel.fields import Id
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.warehouse import Row, together

LABELS = 200
"""Labels that are listed, the most frequent first."""


class LabelledItems(BaseModel):
    """`items` have this label."""

    label: str
    items: int


class Coverage(BaseModel):
    """`percent` is 0 to 100 of the items, None without items; `by_label` lists 200 at most."""

    sheet_id: str
    template_id: str
    label_type: str
    items: int
    covered: int
    uncovered: int
    percent: float | None
    by_label: list[LabelledItems]


@operation("GET /sheets/{sheet_id}/coverage", needs=read("templates"), rights="person")
def get_coverage(caller: Caller, sheet_id: Id, template_id: Id) -> Coverage:
    """Which share of the items has a canonical label that this template's pairs would reuse."""
    sheet, template = together(
        lambda: get_sheet(caller, sheet_id), lambda: get_template(caller, template_id)
    )
    _, _, rows = together(
        lambda: require_select(caller, sheet.source_table),
        lambda: source_of(caller, sheet, "sheet_id"),
        lambda: _counted(caller, sheet, template),
    )
    items, covered = (rows[0]["items"], rows[0]["covered"]) if rows else (0, 0)
    labels = [LabelledItems(label=r["label"], items=r["n"]) for r in rows if r["label"] is not None]
    return Coverage(
        sheet_id=sheet_id, template_id=template_id, label_type=template.label_type, items=items,
        covered=covered, uncovered=items - covered, by_label=labels[:LABELS],
        percent=round(100 * covered / items, 1) if items else None,
    )  # fmt: skip


def _counted(caller: Caller, sheet: Sheet, template: Template) -> list[Row]:
    """The items by label, NULL for none, each with the totals over all."""
    return caller.warehouse.rows(
        "SELECT label, n, CAST(sum(n) OVER () AS BIGINT) AS items,"  # noqa: S608 - the sheet's own SELECT
        " CAST(sum(labelled) OVER () AS BIGINT) AS covered FROM ("
        "SELECT l.response AS label, count(*) AS n, count(l.id) AS labelled"
        f" FROM ({items_of(sheet)}) AS items LEFT JOIN canonical_labels AS l"
        " ON l.sheet_id = :sheet AND l.label_type = :label_type AND l.item_ref = items.item_ref"
        " GROUP BY l.response) AS counted ORDER BY n DESC, label LIMIT :limit",
        sheet=sheet.id, label_type=template.label_type, limit=LABELS + 1,
    )  # fmt: skip
