"""One specimen on two engines: the same tables, the same statement, the same answer."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlglot import exp

from ontos.kernel.errors import Invalid
from ontos.warehouse import quote
from tests.wire.duck import DuckEngine
from tests.wire.engine import Answer, Engine, Refused
from tests.wire.spark.engine import reads
from tests.wire.spark.specimens import Specimen, tables, tree_of
from tests.wire.spark.stage import Shelf, Stage

APART = timedelta(minutes=30)
"""Two clocks that were read in one run differ by less."""
RICHEST = 2
"""Specimens of one shape that are looked at for one that answers something."""
ENOUGH_SAID = 100
"""Rows; an answer of more says no more."""
_CLOCK = re.compile(r"current_timestamp", re.IGNORECASE)
_RANDOM = re.compile(r"\b(?:uuid|rand)\(\)", re.IGNORECASE)
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Seen:
    """What one engine made of a specimen: its answer or its complaint, and the tables after."""

    answer: Answer
    refused: str
    after: dict[str, pa.Table]

    @property
    def size(self) -> int:
        """Rows answered or changed; a complaint has none."""
        rows = self.answer.table.num_rows if self.answer.table is not None else 0
        return self.answer.changed if self.answer.changed >= 0 else rows


class Side:
    """An engine and what stands in it."""

    def __init__(self, engine: Engine, shelf: Shelf | None = None) -> None:
        self.engine, self.stage = engine, Stage(engine, shelf)

    def see(self, specimen: Specimen) -> Seen:
        self.stage.prepare(specimen)
        answer, refused = Answer(), ""
        try:
            answer = self.engine.run(specimen.sql, specimen.values, specimen.schema)
        except Refused as error:
            refused = str(error)
        if reads(specimen.sql):
            return Seen(answer, refused, {})
        after = dict(self._after(specimen))
        self.stage.touched(specimen)
        return Seen(answer, refused, after)

    def _after(self, specimen: Specimen) -> Iterator[tuple[str, pa.Table]]:
        for schema, name in tables(specimen.sql, specimen.schema):
            full = quote(name) if schema == specimen.schema else quote(schema, name)
            try:
                yield full, self.engine.run(f"SELECT * FROM {full}", {}, specimen.schema).table
            except Refused:
                continue  # it is gone, or never was


def telling(specimens: Iterable[Specimen]) -> tuple[list[tuple[Specimen, Seen]], list[str]]:
    """For each shape of text the specimen that has most to say on the embedded engine, and that.

    Beside them, the shapes of which none can be set up: JSON does not carry what they met.
    """
    shapes: dict[str, list[Specimen]] = defaultdict(list)
    for each in specimens:
        shapes[each.shape].append(each)
    side = Side(DuckEngine())
    richest = {shape: _richest(found, side) for shape, found in shapes.items()}
    side.engine.close()
    return (
        [found for found in richest.values() if found],
        [shape for shape, found in richest.items() if not found],
    )


def _richest(found: list[Specimen], side: Side) -> tuple[Specimen, Seen] | None:
    heaviest = sorted(found, key=lambda each: -each.weight)[:RICHEST]
    told = [(each, seen) for each in heaviest if (seen := _seen(each, side))]
    return max(told, key=lambda each: min(each[1].size, ENOUGH_SAID), default=None)


def _seen(specimen: Specimen, side: Side) -> Seen | None:
    try:
        return side.see(specimen)
    except Invalid:
        return None


def differences(specimen: Specimen, ours: Seen, truth: Seen) -> Iterator[str]:
    """What the embedded engine says otherwise than Spark, in words."""
    if ours.refused or truth.refused:
        if _complaint(ours.refused) != _complaint(truth.refused):
            yield f"embedded: {ours.refused or 'done'} | Spark: {truth.refused or 'done'}"
        return
    if ours.answer.changed != truth.answer.changed:
        yield f"rows changed: {ours.answer.changed} | Spark: {truth.answer.changed}"
    if ours.answer.table is not None and truth.answer.table is not None:
        alike = Alike(specimen.sql, ordered=_ordered(specimen.sql))
        yield from alike.apart("answer", ours.answer.table, truth.answer.table)
    if set(ours.after) != set(truth.after):
        yield f"tables after: {sorted(ours.after)} | Spark: {sorted(truth.after)}"
    for name in sorted(set(ours.after) & set(truth.after)):
        yield from Alike(specimen.sql).apart(name, ours.after[name], truth.after[name])


def _complaint(refused: str) -> str:
    """The error class, without its finer one."""
    return refused.partition("]")[0].partition(".")[0]


def _ordered(sql: str) -> bool:
    tree = tree_of(sql)
    return isinstance(tree, exp.Query) and tree.args.get("order") is not None


@dataclass(frozen=True)
class Alike:
    """When two answers to a text are the same: cell by cell, and type by type.

    Cells that the text fills from a clock or by chance are compared as far as can be. Without
    ORDER BY the order of rows means nothing.
    """

    sql: str
    ordered: bool = False

    def apart(self, what: str, ours: pa.Table, truth: pa.Table) -> Iterator[str]:
        columns = [_columns(table.schema) for table in (ours, truth)]
        if columns[0] != columns[1]:
            pairs = zip(*columns, strict=len(columns[0]) == len(columns[1]))
            yield f"{what}: columns " + "; ".join(f"{a} | {b}" for a, b in pairs if a != b)
        if ours.num_rows != truth.num_rows:
            yield f"{what}: {ours.num_rows} rows | Spark: {truth.num_rows}"
        else:
            yield from self._rows(what, _rows(ours), _rows(truth))

    def _rows(self, what: str, ours: Rows, truth: Rows) -> Iterator[str]:
        if not self.ordered:
            ours, truth = sorted(ours, key=repr), sorted(truth, key=repr)
        pairs = [(a, b) for a, b in zip(ours, truth, strict=True) if not self._same(a, b)]
        if not pairs or (not self.ordered and self._matched(ours, truth)):
            return
        mixed = Counter(map(repr, ours)) == Counter(map(repr, truth))
        cells = [(a, b) for a, b in zip(*pairs[0], strict=False) if not self._same(a, b)]
        said = "; ".join(f"{a!r} | {b!r}" for a, b in cells)
        yield f"{what}{' in another order' if mixed else ''}: {said[:600]}"

    def _matched(self, ours: Rows, truth: Rows) -> bool:
        """Whether each row has its like: what the clock says sorts rows otherwise."""
        left = list(truth)
        for row in ours:
            at = next((at for at, other in enumerate(left) if self._same(row, other)), None)
            if at is None:
                return False
            left.pop(at)
        return True

    def _same(self, ours: Any, truth: Any) -> bool:
        if isinstance(ours, tuple | list) and isinstance(truth, tuple | list):
            pairs = zip(ours, truth, strict=False)
            return len(ours) == len(truth) and all(self._same(a, b) for a, b in pairs)
        if isinstance(ours, float) and isinstance(truth, float):
            both_nan = math.isnan(ours) and math.isnan(truth)
            return both_nan or math.isclose(ours, truth, rel_tol=1e-12)
        if type(ours) is not type(truth):
            return False
        if isinstance(ours, datetime) and _CLOCK.search(self.sql):
            return bool(abs(ours - truth) < APART)
        if isinstance(ours, str) and _RANDOM.search(self.sql):
            return len(ours) == len(truth)
        return bool(ours == truth)


def _rows(table: pa.Table) -> Rows:
    return [tuple(row.values()) for row in table.to_pylist()]


def _columns(schema: pa.Schema) -> list[str]:
    return [f"{field.name} {_kind(field.type)}" for field in schema]


def _kind(kind: pa.DataType) -> str:
    """The type, apart from how Arrow lays it out."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{_kind(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ", ".join(f"{f.name}: {_kind(f.type)}" for f in kind) + ">"
    return str(kind).removeprefix("large_").replace("Etc/UTC", "UTC")
