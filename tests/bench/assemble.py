"""Assembling 1,000,000 rows, beside DuckDB's bare INSERT … SELECT of the same concatenation."""

import sys
import tempfile
from pathlib import Path

import duckdb

from ontos.kernel.caller import Caller
from ontos.kernel.jobs import latest
from tests.bench.figures import assemble, bench, peak_mb, sheet, template, timed, workbench

ROWS = 1_000_000
KNOWN = 5
"""One item in so many has a canonical label."""

LABELS = """
INSERT INTO canonical_labels (id, sheet_id, item_ref, label_type, response, version, created_by,
  created_at, updated_by, updated_at)
SELECT md5(item), :sheet, item, 'topic', concat('known ', label), 1, 'b', current_timestamp(), 'b',
  current_timestamp()
FROM workbench.data_default.bench WHERE substring(item, 12, 1) IN ('0', '5')
"""

BARE = """
INSERT INTO bare SELECT b.item, 'Message: ' || b.message || chr(10) || 'Topic:',
  coalesce(l.response, b.label)
FROM bench AS b LEFT JOIN labels AS l ON l.item = b.item
"""


def bare_seconds(rows: int) -> float:
    """The peer: a file of its own, the same rows, the same join, no more than the text."""
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
        store.execute("CREATE TABLE bare (item VARCHAR, prompt VARCHAR, response VARCHAR)")
        with timed() as took:
            store.execute(BARE)
        store.close()
    return took[0]


def product_seconds(caller: Caller, rows: int) -> float:
    """From the job's start to its end, as its row says."""
    over = sheet(caller, rows)
    caller.warehouse.execute(LABELS, sheet=over.id)
    made = assemble(caller, over, template(caller))
    assert made.total_items == rows and made.auto_approved_count == rows // KNOWN
    job = latest(caller, ("training_sheet", made.id))
    assert job and job.finished_at and job.started_at
    return (job.finished_at - job.started_at).total_seconds()


def main(rows: int) -> None:
    with workbench() as opened:
        took = product_seconds(opened.local_caller(), rows)
    if rows < ROWS:
        bench(f"assemble_{rows}_peak", peak_mb(), "MB", "not growing with rows")
        return
    peak = peak_mb()
    bare = bare_seconds(rows)
    bench("assemble_1m", took, "s", "2x bare")
    bench("assemble_1m_bare", bare, "s", "peer")
    bench("assemble_1m_ratio", took / bare, "x", "<= 2")
    bench("assemble_1m_peak", peak, "MB", "< 2000")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(int(sys.argv[1]))
    else:
        import subprocess

        for size in (250_000, 500_000):
            subprocess.run([sys.executable, "-m", "tests.bench.assemble", str(size)], check=True)
        main(ROWS)
