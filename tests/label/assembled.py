"""A training sheet made of rows, without waiting for a job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ontos.data.sheets import SheetSpec, create_sheet, publish_sheet
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.label.pairs import Pair, list_pairs
from ontos.warehouse import Warehouse

SHEET_SQL = """
INSERT INTO training_sheets (id, name, sheet_id, sheet_name, template_id, template_name, label_type,
  system_prompt, user_prompt, column_mapping, status, total_items, auto_approved_count, version,
  created_by, created_at, updated_by, updated_at)
VALUES (:id, :name, :sheet, 'Messages', :template, 'Intent', :label_type, :system,
  'Message: {{ text }}', '{}', :status, 0, 0, 1, 'maker', :at, 'maker', :at)
"""

PAIRS_SQL = """
INSERT INTO pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response, response_source,
  review_status, reviewed_by, canonical_label_id, version, created_at, updated_at)
SELECT md5(concat(:id, '/', s.ref)), :id, :sheet, s.ref, concat('Message: ', s.text),
  coalesce(l.response, s.label),
  CASE WHEN l.id IS NOT NULL THEN 'canonical' WHEN s.label IS NOT NULL THEN 'existing_column'
    ELSE 'none' END,
  CASE WHEN l.id IS NOT NULL THEN 'approved' ELSE 'pending' END, l.updated_by, l.id, 1, :at, :at
FROM {table} AS s LEFT JOIN canonical_labels AS l
  ON l.sheet_id = :sheet AND l.item_ref = s.ref AND l.label_type = :label_type
"""

ROWS = [
    {"ref": f"i{n}", "text": f"text {n}", "label": label}
    for n, label in enumerate(["greet", "greet", "greet", "leave", "leave", None])
]


def messages(store: Warehouse, name: str, rows: Sequence[dict[str, str]]) -> str:
    """A table of them in the store's schema; its full name."""
    store.execute(f"CREATE TABLE {name} (ref STRING, text STRING, label STRING)")
    for row in rows:
        store.execute(f"INSERT INTO {name} VALUES (:ref, :text, :label)", **row)
    return f"workbench.{store.schema}.{name}"


@dataclass(frozen=True)
class Assembled:
    """A training sheet with what made it, and its pairs by item."""

    id: str
    sheet_id: str
    caller: Caller

    def pairs(self) -> dict[str, Pair]:
        return {p.item_ref: p for p in list_pairs(self.caller, self.id, limit=1000).items}

    def pair(self, item_ref: str) -> Pair:
        return self.pairs()[item_ref]


@dataclass
class Maker:
    """Makes training sheets; `table` makes a table of rows."""

    caller: Caller
    table: Callable[..., str]
    tables: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, rows: Sequence[dict[str, str | None]] = ROWS, *, of: Assembled | None = None,
        name: str = "Intents", label_type: str = "intent", status: str = "ready",
        system: str | None = "You sort messages.",
    ) -> Assembled:  # fmt: skip
        """`of` an earlier one: over its sheet, with its canonical labels."""
        sheet_id = of.sheet_id if of else self._sheet(name, rows)
        made = Assembled(new_id(), sheet_id, self.caller)
        common = {"id": made.id, "sheet": sheet_id, "label_type": label_type, "at": now()}
        warehouse = self.caller.warehouse
        warehouse.execute(
            SHEET_SQL, name=name, template=new_id(), system=system, status=status, **common
        )
        warehouse.execute(PAIRS_SQL.format(table=self.tables[sheet_id]), **common)
        return made

    def _sheet(self, name: str, rows: Sequence[dict[str, str | None]]) -> str:
        full = self.table(f"t_{new_id()}", list(rows))
        spec = SheetSpec(name=name, source_table=full, item_id_column="ref")
        sheet = publish_sheet(self.caller, create_sheet(self.caller, spec).id)
        self.tables[sheet.id] = full
        return sheet.id
