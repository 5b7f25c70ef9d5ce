"""Pairs come into being: one INSERT … SELECT from the items, or from prompts that Jinja rendered.

An item that has a canonical label of the template's label type arrives with it, approved. Others
take the response column, or stay empty for people and models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from jinja2 import Template

from ontos.data.sheets import Sheet, items_of
from ontos.generate.prompt_sql import WHITESPACE, PromptSql, prompt_sql
from ontos.generate.rendering import compile_prompt, render
from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Invalid, Refused
from ontos.kernel.fields import now
from ontos.kernel.jobs import Run
from ontos.warehouse import Warehouse, quote
from ontos.workspace import Column

_RENDERED = pa.schema(
    [(name, pa.string()) for name in ("training_sheet_id", "item_ref", "prompt", "response")]
)
_BEYOND_ASCII = r"[^\x00-\x7F]"

_INSERT = """
INSERT INTO pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response, response_source,
  review_status, reviewed_by, reviewed_at, canonical_label_id, version, created_at, updated_at)
SELECT md5(concat(:before, s.item_ref)), :training_sheet, :sheet, s.item_ref, s.prompt,
  coalesce(l.response, s.response),
  CASE WHEN l.id IS NOT NULL THEN 'canonical'
       WHEN s.response IS NOT NULL THEN 'existing_column' ELSE 'none' END,
  CASE WHEN l.id IS NOT NULL THEN 'approved' ELSE 'pending' END,
  l.updated_by, l.updated_at, l.id, 1, :at, :at
FROM ({source}) AS s LEFT JOIN canonical_labels AS l
  ON l.sheet_id = :sheet AND l.label_type = :label_type AND l.item_ref = s.item_ref
"""


@dataclass(frozen=True)
class Plan:
    """What becomes of which sheet; `columns` are those of the placeholders."""

    training_sheet: TrainingSheet
    sheet: Sheet
    columns: Mapping[str, Column]

    @property
    def response(self) -> str:
        """SQL of the given answer; blank text and NaN are none. Most begin with a letter, seen at
        once."""
        name = self.training_sheet.response_column
        if name is None:
            return "CAST(NULL AS STRING)"
        text = f"CAST({quote(name)} AS STRING)"
        if self._of_doubles:
            return f"CASE WHEN isnan({quote(name)}) THEN NULL ELSE {text} END"
        return (
            f"CASE WHEN {text} >= '!' AND {text} < '~' THEN {text}"
            f" WHEN trim(BOTH :blanks FROM {text}) = '' THEN NULL ELSE {text} END"
        )

    @property
    def bound(self) -> dict[str, str]:
        """The values named in `response`."""
        texts = self.training_sheet.response_column is not None and not self._of_doubles
        return {"blanks": WHITESPACE} if texts else {}

    @property
    def _of_doubles(self) -> bool:
        """Whether the answers are such numbers, which are never blank but may be none at all."""
        name = self.training_sheet.response_column
        return any(c.name == name and c.type in ("FLOAT", "DOUBLE") for c in self.sheet.columns)


def make_pairs(run: Run, plan: Plan) -> int:
    """Write the pairs of the whole sheet and mark it ready, together; how many there are."""
    prompt = prompt_sql(plan.training_sheet.user_prompt, plan.columns)
    if prompt is not None and _case_is_plain(run.caller, plan, prompt):
        source = (
            f"SELECT item_ref, {prompt.expression} AS prompt, {plan.response} AS response"  # noqa: S608
            f" FROM ({items_of(plan.sheet)}) AS items"
        )
        return _write(run.caller, plan, source, {**prompt.literals, **plan.bound})
    _render(run, plan)
    run.check()
    return _write(
        run.caller, plan, "SELECT item_ref, prompt, response FROM rendered_prompts"
        " WHERE training_sheet_id = :training_sheet", {},
    )  # fmt: skip


def forget_rendered(warehouse: Warehouse, training_sheet_id: str) -> None:
    """Take away what was rendered for it, finished or not."""
    warehouse.execute(
        "DELETE FROM rendered_prompts WHERE training_sheet_id = :id", id=training_sheet_id
    )


def forget_pairs(warehouse: Warehouse, training_sheet_id: str) -> None:
    """Take away what an unfinished assembling wrote."""
    warehouse.execute("DELETE FROM pairs WHERE training_sheet_id = :id", id=training_sheet_id)


def _case_is_plain(caller: Caller, plan: Plan, prompt: PromptSql) -> bool:
    """Whether the columns whose case changes are ASCII: there every engine agrees with Python."""
    if not prompt.cased:
        return True
    beyond = " OR ".join(f"{quote(name)} RLIKE :beyond" for name in prompt.cased)
    found = caller.warehouse.rows(
        f"SELECT 1 AS one FROM ({items_of(plan.sheet)}) AS items WHERE {beyond} LIMIT 1",  # noqa: S608
        beyond=_BEYOND_ASCII,
    )
    return not found


def _render(run: Run, plan: Plan) -> None:
    """Let Jinja write the prompts, in batches; memory does not grow with the sheet."""
    warehouse = run.caller.warehouse
    forget_rendered(warehouse, plan.training_sheet.id)
    template = compile_prompt(plan.training_sheet.user_prompt)
    total, done = plan.sheet.item_count or 1, 0
    values = "".join(f", {quote(c.name)} AS v{at}" for at, c in enumerate(plan.columns.values()))
    batches = warehouse.batches(
        f"SELECT item_ref, {plan.response} AS response{values}"  # noqa: S608
        f" FROM ({items_of(plan.sheet)}) AS items",
        **plan.bound,
    )
    for batch in batches:
        warehouse.append("rendered_prompts", _rendered(template, batch, plan))
        done += batch.num_rows
        run.report(90 * done / total, f"Rendered {done:,} of {total:,} prompts")


def _rendered(template: Template, batch: pa.RecordBatch, plan: Plan) -> pa.Table:
    prompts = [_prompt(template, row, plan) for row in batch.to_pylist()]
    keys = [plan.training_sheet.id] * len(prompts)
    columns = [keys, batch["item_ref"], prompts, batch["response"]]
    return pa.table(columns, schema=_RENDERED)


def _prompt(template: Template, row: Mapping[str, Any], plan: Plan) -> str:
    try:
        return render(template, {name: row[f"v{at}"] for at, name in enumerate(plan.columns)})
    except Invalid as error:
        raise Refused(f"Item {row['item_ref']}: {error.detail}", field=error.field) from error


def _write(caller: Caller, plan: Plan, source: str, literals: Mapping[str, str]) -> int:
    """All or nothing; on an engine without transactions a later attempt begins anew."""
    key = plan.training_sheet.id
    with caller.warehouse.transaction() as warehouse:
        forget_pairs(warehouse, key)
        warehouse.execute(
            _INSERT.format(source=source), before=f"{key}/", training_sheet=key,
            sheet=plan.sheet.id, label_type=plan.training_sheet.label_type, at=now(), **literals,
        )  # fmt: skip
        forget_rendered(warehouse, key)
        return _settle(warehouse, plan)


def _settle(warehouse: Warehouse, plan: Plan) -> int:
    """Count what came, refuse items that are not told apart, and open the training sheet."""
    counted = warehouse.rows(
        "SELECT count(*) AS pairs, count(DISTINCT item_ref) AS items,"
        " count_if(response_source = 'canonical') AS labelled"
        " FROM pairs WHERE training_sheet_id = :id",
        id=plan.training_sheet.id,
    )[0]
    if counted["items"] < counted["pairs"]:
        raise Refused(
            f"{plan.sheet.source_table} has changed since the sheet was published: "
            f"{counted['pairs'] - counted['items']} rows repeat another's "
            f"{plan.sheet.item_id_column}. "
            "Correct the table, or make a new sheet of it."
        )
    opened = warehouse.execute(
        "UPDATE training_sheets SET status = 'ready', total_items = :items,"
        " auto_approved_count = :labelled, version = version + 1, updated_at = :at"
        " WHERE id = :id AND status = 'assembling'",
        items=counted["items"], labelled=counted["labelled"], at=now(), id=plan.training_sheet.id,
    )  # fmt: skip
    if not opened:
        raise Conflict("This training sheet was settled meanwhile. Load it again.")
    return int(counted["items"])
