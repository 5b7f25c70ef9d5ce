"""DATA: files that are no tables, and sheets over what is not there."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doors.bad_input.conftest import upload
from tests.doors.bad_input.world import Case, World, refused

FILES = "POST /sources/files"


def parquet(columns: list[str]) -> bytes:
    whole = io.BytesIO()
    arrays = [pa.array([1]) for _ in columns]
    pq.write_table(pa.Table.from_arrays(arrays, names=columns), whole)
    return whole.getvalue()


def file(what: str, content: bytes | str, says: str, kind: str = "text/csv") -> Case:
    return Case(what, FILES, 422, "file", says, query={"name": "bad"}, content=content, kind=kind)


WRAPPED = '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\na\n1\n\r\n--b--\r\n'
JSONL, PARQUET = "application/jsonl", "application/vnd.apache.parquet"
UPLOADS = [
    file("empty file", b"", "it is empty. Choose a file with a header and rows"),
    file("only spaces", b" \n\n", "it is empty"),
    file("0 rows", "a,b\n", "has columns but no rows. Add at least one"),
    file("broken encoding", "a,b\né,1\n".encode("latin-1"), "position 5 (line 2) is not UTF-8"),
    file("half of UTF-16", "a,b\né,1\n".encode("utf-16")[:-1], "is not UTF-16"),
    file("zero byte", b"a,b\n1,\0\n", "line 2 holds a zero byte"),
    file("ragged", "a,b\n1,2\n3\n4,5,6\n", "line 3 has too few values (1; the header has 2)"),
    file("open quotation mark", 'a,b\n1,"2\n3,4\n', "quotation mark that is never closed"),
    file("header twice", "a,b,a\n1,2,3\n", "Give each column its own name"),
    file("header twice but for case", "a,A \n1,2\n", "differ in nothing but case"),
    file("nameless column", "a,\n1,2\n", "name 2 of the header is empty"),
    file("endless column name", "x" * 300 + ",b\n1,2\n", "300 characters long. Use at most 255"),
    file("line break in column name", '"a\nb",c\n1,2\n', "line break"),
    file("too many columns", ",".join(map(str, range(1001))) + "\n", "more than 1,000 columns"),
    file("not a table", b"PK\x03\x04...", "Excel workbook"),
    file("lines that are no JSON", '{"a": 1}\n{"a"\n', "line 2 is not JSON", JSONL),
    file("lines that are no objects", "[1]\n", "not an object in braces", JSONL),
    file("key twice", '{"a": 1, "a": 2}\n', "has the key 'a' twice", JSONL),
    file("half a character", '{"a": "\\ud800"}\n', "half of a character", JSONL),
    file("nested too deep", '{"a": ' + "[" * 5000 + "\n", "line 1 is", JSONL),
    file("Parquet in name only", "a,b\n1,2\n", "does not begin as one", PARQUET),
    file("cut Parquet", parquet(["a"])[:40], "Write it anew, then upload that", PARQUET),
    file("Parquet with a column twice", parquet(["a", "a"]), "Give each column its own", PARQUET),
    Case("a form around the file", FILES, 422, "Content-Type", "curl --data-binary @one.csv",
         query={"name": "bad"}, content=WRAPPED, kind="multipart/form-data; boundary=b"),
    Case("no name", FILES, 422, "name", "Add it", content="a\n1\n", kind="text/csv"),
    Case("name of nothing", FILES, 422, "name", "letters a to z", query={"name": "🧸"},
         content="a\n1\n", kind="text/csv"),
    Case("name taken", FILES, 409, "name", "Give another name", query={"name": "Words.csv"},
         content="a\n1\n", kind="text/csv"),
    Case("name too long for a table", FILES, 422, "name", "at most 100", query={"name": "x" * 150},
         content="a\n1\n", kind="text/csv"),
    Case("file name on two lines", FILES, 422, "file_name", "use one line of text",
         query={"name": "bad", "file_name": "a\nb.csv"}, content="a\n1\n", kind="text/csv"),
]  # fmt: skip

SPEC = {"name": "x", "source_table": "{table}"}
SHEETS = [
    Case("missing table", "POST /sheets", 404, "source_table", "Browse the catalog",
         SPEC | {"source_table": "workbench.data_default.nothing"}),
    Case("table of the workbench", "POST /sheets", 404, "source_table", "you may not see it",
         SPEC | {"source_table": "workbench.org_default.sheets"}),
    Case("table of another org", "POST /sheets", 404, "source_table", "you may not see it",
         SPEC | {"source_table": "workbench.data_other.words"}),
    Case("name that is no table's", "POST /sheets", 422, "source_table", "catalog.schema.table",
         SPEC | {"source_table": "words; DROP TABLE sheets"}),
    Case("missing id column", "POST /sheets", 422, "item_id_column", "Choose one of: key, text",
         SPEC | {"item_id_column": "nothing"}),
    Case("modality of a missing column", "POST /sheets", 422, "modalities", "Choose one of",
         SPEC | {"modalities": {"nothing": "text"}}),
    Case("unknown modality", "POST /sheets", 422, "modalities.text", "must be 'text', 'image'",
         SPEC | {"modalities": {"text": "smell"}}),
    Case("publish without its table", "POST /sheets/{columnless_sheet}/publish", 422,
         "source_table", "intent. Change the table back, or make a new sheet"),
    Case("preview without its table", "GET /sheets/{tableless_sheet}/preview", 404,
         "source_table", "is gone, or you may not see it"),
    Case("publish twice", "POST /sheets/{sheet}/publish", 409, None, "It may become archived"),
    Case("change of an archived sheet", "PUT /sheets/{archived_sheet}", 409, None, "Make a new one",
         {"name": "y"}),
    Case("change at another version", "PUT /sheets/{sheet}", 409, "version", "Load it again",
         {"name": "y", "version": 99}),
    Case("drop of a table in use", "DELETE /sources/{source}", 409, "source_id", "Archive them"),
    Case("unknown catalog", "GET /catalog/tables", 404, "catalog_name", "Use `workbench`",
         query={"catalog_name": "nothing", "schema_name": "data_default"}),
    Case("unknown schema", "GET /catalog/tables", 404, "schema_name", "List schemas",
         query={"catalog_name": "workbench", "schema_name": "nothing"}),
    Case("schema of another org", "GET /catalog/tables", 404, "schema_name", "List schemas",
         query={"catalog_name": "workbench", "schema_name": "org_default"}),
]  # fmt: skip


@pytest.mark.parametrize("case", UPLOADS + SHEETS, ids=str)
def test_it_is_refused(world: World, case: Case) -> None:
    refused(world, case)


def test_bad_rows_are_listed_with_their_lines(world: World) -> None:
    ragged = next(case for case in UPLOADS if case.what == "ragged")
    assert [row["line"] for row in refused(world, ragged)["rows"]] == [3, 4]


def test_one_row_is_a_table_and_a_sheet(world: World) -> None:
    one = upload(world, "one_row", "key,text\n1,alone\n")
    assert one["rows"] == 1
    made = world.make("POST", "/sheets", json={"name": "one", "source_table": one["table"]})
    assert world.make("POST", f"/sheets/{made['id']}/publish")["item_count"] == 1
    world.begin()


def test_what_curl_calls_its_binary_data_by_default_is_a_file(world: World) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    path, content = "/sources/files?name=by_curl", "text\nhello\nworld\n"
    assert world.make("POST", path, content=content, headers=headers)["rows"] == 2
    world.begin()


def test_ids_that_do_not_tell_rows_apart_are_counted(world: World) -> None:
    twice = upload(world, "twice", "key,text\n1,a\n1,b\n,c\n")
    spec = {"name": "twice", "source_table": twice["table"], "item_id_column": "key"}
    world.ids["twice"] = world.make("POST", "/sheets", json=spec)["id"]
    world.begin()
    says = "of 3 rows 1 have none and 1 repeat another's"
    refused(world, Case("", "POST /sheets/{twice}/publish", 422, "item_id_column", says))
