"""The queries that find gaps. Each counts real rows; none of them guesses.

A finder is SQL over one endpoint's model version. It answers (label, affected, total): of `total`
rows looked at under `label`, `affected` show the fault. The evidence of a gap is the same rows, one
by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ontos.data.items import hidden, items_sql
from ontos.data.sheets import Sheet
from ontos.warehouse import Value, quote

SEGMENT_COLUMNS = 8
"""Metadata columns looked at for segments."""

_ANSWERS = "SELECT * FROM evaluation_answers WHERE evaluation_id = :evaluation_id"


@dataclass(frozen=True)
class Finder:
    """`counts` finds; `rows` shows what was found; `says` is the sentence of the finding.

    `looked` says what was read.
    """

    kind: str
    title: str
    counts: str
    rows: str
    says: str
    looked: str = "{rows} rows in {groups} groups"


LABEL_ERRORS = Finder(
    "label_errors",
    "Wrong on a label",
    "SELECT expected AS label, count_if(predicted <> expected) AS affected,"  # noqa: S608 - constants
    f" count(*) AS total FROM ({_ANSWERS}) AS answers GROUP BY expected",
    "SELECT a.expected, a.predicted, p.prompt, a.item_ref"
    " FROM evaluation_answers AS a LEFT JOIN pairs AS p ON p.id = a.pair_id"
    " WHERE a.evaluation_id = :evaluation_id AND a.expected = :label AND a.predicted <> a.expected"
    " ORDER BY a.item_ref LIMIT :limit",
    "{affected} of {total} validation pairs labelled “{label}” were answered otherwise.",
)

NEGATIVE_FEEDBACK = Finder(
    "negative_feedback",
    "Users say it is wrong",
    "SELECT output AS label, count_if(rating = 'down') AS affected, count(*) AS total"
    " FROM feedback WHERE endpoint_name = :endpoint AND model_version = :model_version"
    " GROUP BY output",
    "SELECT output, correction, comment, input, created_by, created_at FROM feedback"
    " WHERE endpoint_name = :endpoint AND model_version = :model_version"
    " AND output = :label AND rating = 'down' ORDER BY created_at DESC, id LIMIT :limit",
    "{affected} of {total} ratings of the answer “{label}” are thumbs-down.",
)

# A label has few where it has not half of what half of the labels have: `enough` is that half,
# `affected` what is missing to it.
LOW_COVERAGE = Finder(
    "low_coverage",
    "Few examples of a label",
    "SELECT response AS label, :enough - count(*) AS affected, :enough AS total,"
    " count(*) AS examples FROM pairs"
    " WHERE training_sheet_id = :training_sheet_id AND review_status IN ('approved', 'edited')"
    " AND response IS NOT NULL GROUP BY response HAVING count(*) < :enough",
    "SELECT prompt, response, review_status, item_ref FROM pairs"
    " WHERE training_sheet_id = :training_sheet_id AND response = :label"
    " AND review_status IN ('approved', 'edited') ORDER BY item_ref LIMIT :limit",
    "“{label}” has few approved examples: {examples}. Half of the labels have {middle} or more.",
    "labels with fewer than {enough} approved examples: {groups}. Half of the labels have {middle}"
    " or more.",
)


def segment_errors(sheet: Sheet) -> Finder | None:
    """Errors by the values of the sheet's metadata columns; None where it has none."""
    if not (names := _segment_columns(sheet)):
        return None
    source = items_sql(sheet.source_table, [c.name for c in sheet.columns], sheet.item_id_column)
    parts = " UNION ALL ".join(
        f"SELECT item_ref, concat(:s{n}, ' = ', CAST({quote(name)} AS STRING)) AS label FROM items"  # noqa: S608
        for n, name in enumerate(names)
    )
    segments = f"WITH items AS ({source}), segments AS ({parts})"
    return Finder(
        "segment_errors",
        "Wrong in a segment",
        f"{segments} SELECT s.label, count_if(a.predicted <> a.expected) AS affected,"  # noqa: S608
        f" count(*) AS total FROM ({_ANSWERS}) AS a JOIN segments AS s ON s.item_ref = a.item_ref"
        " WHERE s.label IS NOT NULL GROUP BY s.label HAVING count(*) < :all_answers",
        f"{segments} SELECT s.label AS segment, a.expected, a.predicted, p.prompt, a.item_ref"  # noqa: S608
        f" FROM ({_ANSWERS}) AS a JOIN segments AS s ON s.item_ref = a.item_ref"
        " LEFT JOIN pairs AS p ON p.id = a.pair_id WHERE s.label = :label"
        " AND a.predicted <> a.expected ORDER BY a.item_ref LIMIT :limit",
        "{affected} of {total} validation pairs with {label} were answered wrongly.",
    )


def segment_values(sheet: Sheet) -> Mapping[str, Value]:
    """The names of the segment columns, as the finder binds them."""
    return {f"s{n}": name for n, name in enumerate(_segment_columns(sheet))}


def _segment_columns(sheet: Sheet) -> list[str]:
    """Neither what names the items nor what is hidden by it: each of those values is one item's."""
    key = sheet.item_id_column
    names = [c.name for c in sheet.columns if c.modality == "metadata"]
    return [n for n in names if n != key and not hidden(n, key)][:SEGMENT_COLUMNS]
