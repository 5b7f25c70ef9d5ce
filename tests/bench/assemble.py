"""Assembling 1,000,000 rows, beside DuckDB's bare INSERT … SELECT of the same concatenation."""

import sys
import tempfile
from pathlib import Path
from statistics import median

import duckdb

from ontos.data.sheets import Sheet
from ontos.kernel.caller import Caller
from ontos.kernel.jobs import latest
from tests.bench.figures import assemble, bench, peak_mb, sheet, template, timed, workbench

ROWS = 1_000_000
ROUNDS = 5
KNOWN = 5
"""One item in so many has a canonical label."""

LABELS = """
INSERT INTO canonical_labels (id, sheet_id, item_ref, label_type, response, version, created_by,
  created_at, updated_by, updated_at)
SELECT md5(item), :sheet, item, 'topic', concat('known ', label), 1, 'b', current_timestamp(), 'b',
  current_timestamp()
FROM workbench.data_default.bench WHERE substring(item, 12, 1) IN ('0', '5')
"""

JOINED = "FROM bench AS b LEFT JOIN labels AS l ON l.item = b.item"

BARE = f"""
INSERT INTO bare SELECT md5('0123456789abcdef0123456789abcdef/' || b.item), 'training sheet',
  'sheet', b.item, 'Message: ' || b.message || chr(10) || 'Topic:', coalesce(l.response, b.label),
  CASE WHEN l.item IS NULL THEN 'existing_column' ELSE 'canonical' END,
  CASE WHEN l.item IS NULL THEN 'pending' ELSE 'approved' END, l.response, now(), l.item, 1,
  now(), now() {JOINED}
"""
"""What a row of pairs is made of, by DuckDB alone: no job, no check, no transaction around it."""

BARE_TABLE = """
CREATE TABLE bare (id VARCHAR, training_sheet_id VARCHAR, sheet_id VARCHAR, item_ref VARCHAR,
  prompt VARCHAR, response VARCHAR, response_source VARCHAR, review_status VARCHAR,
  reviewed_by VARCHAR, reviewed_at TIMESTAMPTZ, canonical_label_id VARCHAR, version BIGINT,
  created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ)
"""

TEXT = f"""
INSERT INTO bare SELECT b.item, 'Message: ' || b.message || chr(10) || 'Topic:',
  coalesce(l.response, b.label) {JOINED}
"""
"""No more than the text."""

TEXT_TABLE = "CREATE TABLE bare (item VARCHAR, prompt VARCHAR, response VARCHAR)"


def bare_seconds(rows: int, table: str, insert: str) -> float:
    """The peer: a file of its own, the same rows and the same join."""
    with tempfile.TemporaryDirectory() as folder:
        store = duckdb.connect(str(Path(folder) / "bare.duckdb"))
        store.execute(
            "CREATE TABLE bench AS SELECT printf('item%08d', i) AS item,"
            " 'please look into the matter of order number ' || i || ' and tell me more'"
            f" AS message, 'label' || (i % 50) AS label FROM range({rows}) AS r(i)"
        )
        store.execute(
            "CREATE TABLE labels AS SELECT item, 'known ' || label AS response FROM bench"
            " WHERE substring(item, 12, 1) IN ('0', '5')"
        )
        store.execute(table)
        with timed() as took:
            store.execute(insert)
        store.close()
    return took[0]


def product(caller: Caller, over: Sheet, through: str) -> float:
    """Seconds from the job's start to its end, as its row says."""
    made = assemble(caller, over, through)
    rows = made.total_items
    assert rows == over.item_count and made.auto_approved_count == rows // KNOWN
    job = latest(caller, ("training_sheet", made.id))
    assert job and job.finished_at and job.started_at
    return (job.finished_at - job.started_at).total_seconds()


def main(rows: int) -> None:
    """The most memory that a process held which loaded so many rows and assembled them; beside
    the million, the time, product and peers in turn."""
    with workbench() as opened:
        caller = opened.local_caller()
        over, through = sheet(caller, rows), template(caller)
        caller.warehouse.execute(LABELS, sheet=over.id)
        took = [product(caller, over, through)]
        bench(f"assemble_{rows}_peak", peak_mb(), "MB", "< 2000, and no growth once 512 are cached")
        if rows == ROWS:
            compare(caller, over, through, took)


def compare(caller: Caller, over: Sheet, through: str, took: list[float]) -> None:
    """Medians of several rounds, so that neither side alone meets a cold file or a busy machine."""
    text, bare = [], []
    for again in range(ROUNDS):
        took += [product(caller, over, through)] if again else []
        text.append(bare_seconds(ROWS, TEXT_TABLE, TEXT))
        bare.append(bare_seconds(ROWS, BARE_TABLE, BARE))
    ours, concatenated, same = median(took), median(text), median(bare)
    bench("assemble_1m", ours, "s", "2x bare")
    bench("assemble_1m_bare", concatenated, "s", "peer: the concatenation, 3 columns")
    bench("assemble_1m_ratio", ours / concatenated, "x", "<= 2")
    bench("assemble_1m_same_columns", same, "s", "peer: the same 14 columns")
    bench("assemble_1m_same_columns_ratio", ours / same, "x", "<= 2")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(int(sys.argv[1]))
    else:
        import subprocess

        for size in (ROWS, 2_000_000, 4_000_000, 8_000_000):
            subprocess.run([sys.executable, "-m", "tests.bench.assemble", str(size)], check=True)
