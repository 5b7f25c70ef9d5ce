"""The file: one process, nothing lost."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from ontos.kernel.errors import Unavailable
from ontos.warehouse import open_embedded

OPEN = """
import sys
from pathlib import Path
from ontos.kernel.errors import Unavailable
from ontos.warehouse import open_embedded
try:
    open_embedded(Path(sys.argv[1]))
except Unavailable as error:
    print(error.detail)
    sys.exit(7)
"""

WRITE = """
import sys
from pathlib import Path
from ontos.warehouse import open_embedded
store = open_embedded(Path(sys.argv[1]))
store.execute("CREATE TABLE IF NOT EXISTS t (n INT)")
store.execute("CREATE TABLE IF NOT EXISTS pair (n INT)")
for n in range(100_000):
    with store.transaction() as inside:
        inside.execute("INSERT INTO t (n) VALUES (:n)", n=n)
        inside.execute("INSERT INTO pair (n) VALUES (:n)", n=n)
    print(n, flush=True)
"""


def python(script: str, file: Path) -> list[str]:
    return [sys.executable, "-c", script, str(file)]


def test_what_was_written_is_there_after_reopening(file: Path) -> None:
    store = open_embedded(file)
    store.create_schema("shop")
    store.within("shop").execute("CREATE TABLE t AS SELECT 1 AS a")
    store.close()
    again = open_embedded(file)
    assert again.within("shop").rows("SELECT a FROM t") == [{"a": 1}]
    again.close()


def test_a_second_process_is_told_to_talk_to_the_first(file: Path) -> None:
    store = open_embedded(file)
    second = subprocess.run(python(OPEN, file), capture_output=True, text=True, timeout=60)
    store.close()
    assert second.returncode == 7
    assert "another process" in second.stdout
    assert "REST" in second.stdout


def test_opening_twice_in_one_process_is_refused(file: Path) -> None:
    store = open_embedded(file)
    with pytest.raises(Unavailable, match="in use"):
        open_embedded(file)
    store.close()


def test_what_is_no_store_is_said(file: Path) -> None:
    file.write_text("not a store" * 1000)
    with pytest.raises(Unavailable, match="cannot be opened"):
        open_embedded(file)


def test_a_folder_with_a_quote_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.mkdir()
    store = open_embedded(folder / "store.duckdb")
    assert store.rows("SELECT 1 AS one") == [{"one": 1}]
    store.close()


@pytest.mark.faults
def test_a_killed_process_loses_nothing_that_it_committed(file: Path) -> None:
    for _ in range(3):
        running = subprocess.Popen(python(WRITE, file), stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None
        told = [running.stdout.readline()]
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            told.append(running.stdout.readline())
        running.kill()
        told += running.stdout.readlines()
        running.wait()
        running.stdout.close()
        last = int([line for line in told if line.endswith("\n")][-1])
        store = open_embedded(file)
        counts = store.rows(
            "SELECT count_if(n <= :last) AS kept, count(*) AS all_rows FROM t", last=last
        )
        pairs = store.rows("SELECT count(*) AS n FROM pair")[0]["n"]
        store.execute("DELETE FROM t")
        store.execute("DELETE FROM pair")
        store.close()
        assert counts[0]["kept"] == last + 1
        assert counts[0]["all_rows"] == pairs


def test_closing_cuts_readers_off(tmp_path: Path) -> None:
    store = open_embedded(tmp_path / "w.duckdb")
    ends: list[str] = []

    def read() -> None:
        count = "SELECT count(*) AS n FROM (SELECT explode(sequence(1, 300000)) AS x) AS t"
        try:
            while True:
                store.rows(count)
        except Unavailable as error:
            ends.append(error.detail)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    time.sleep(0.1)
    store.close()
    for reader in readers:
        reader.join(30)
    assert len(ends) == 3


def test_columns_are_kept_as_their_table_says(tmp_path: Path) -> None:
    store = open_embedded(tmp_path / "store.duckdb")
    store.execute(
        "CREATE TABLE kept (id STRING NOT NULL, prompt STRING) USING DELTA"
        " TBLPROPERTIES ('ontos.store.uncompressed' = 'id', 'ontos.store.zstd' = 'prompt')"
    )
    store.execute(
        "INSERT INTO kept SELECT md5(CAST(id AS STRING)), concat('What is ', CAST(id AS STRING))"
        " FROM (SELECT explode(sequence(1, 5000)) AS id) AS made"
    )
    store.close()
    with duckdb.connect(str(tmp_path / "store.duckdb"), read_only=True) as file:
        found = file.execute(
            "SELECT column_name, list(DISTINCT compression) FROM pragma_storage_info('kept')"
            " WHERE segment_type = 'VARCHAR' GROUP BY column_name ORDER BY column_name"
        ).fetchall()
    assert found == [("id", ["Uncompressed"]), ("prompt", ["ZSTD"])]


def test_what_memory_does_not_suffice_for_is_refused_whole(tmp_path: Path) -> None:
    store = open_embedded(tmp_path / "small.duckdb", memory_mb=32)
    store.execute("CREATE TABLE kept (texts ARRAY<STRING>)")
    with pytest.raises(Unavailable, match=r"nothing was changed.*ONTOS_STORE_MEMORY_MB"):
        store.script(
            "INSERT INTO kept VALUES (array('first'))",
            "INSERT INTO kept SELECT collect_list(md5(CAST(n AS STRING)))"
            " FROM (SELECT explode(sequence(1, 1000000)) AS n) AS made",
            "SELECT count(*) AS n FROM kept",
        )
    assert store.rows("SELECT count(*) AS n FROM kept") == [{"n": 0}]
    store.execute("INSERT INTO kept VALUES (array('again'))")
    assert store.rows("SELECT texts FROM kept") == [{"texts": ["again"]}]
    store.close()
