"""Uploads: all of a file becomes a table, or nothing does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.data import sheets, sources
from ontos.data.catalog import list_tables, preview_table
from ontos.data.sheets import Sheet, archive_sheet, list_sheets
from ontos.data.sources import (
    Source,
    delete_source,
    get_source,
    list_sources,
    table_name,
    upload_file,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow, TooLarge
from ontos.kernel.transfer import Upload

Load = Callable[..., Source]


def names_of_tables(caller: Caller) -> list[str]:
    catalog, schema = caller.workspace.catalog.upload_schema().split(".")
    return [table.full_name for table in list_tables(caller, catalog, schema)]


def test_a_csv_becomes_a_table(caller: Caller, load: Load) -> None:
    content = "id,text,score\na,hello,1.5\nb,bye,2\n"
    source = load(content, name="My file.csv")
    assert source.table == f"{caller.workspace.catalog.upload_schema()}.my_file"
    assert (source.rows, source.format, source.file_name) == (2, "csv", "file.csv")
    assert source.size_bytes == len(content)
    assert [(c.name, c.type) for c in source.columns] == [
        ("id", "STRING"),
        ("text", "STRING"),
        ("score", "DOUBLE"),
    ]
    assert preview_table(caller, source.table).rows == [
        {"id": "a", "text": "hello", "score": 1.5},
        {"id": "b", "text": "bye", "score": 2.0},
    ]
    assert get_source(caller, source.id) == source


def test_one_row_is_enough(load: Load) -> None:
    assert load("id\n1\n").rows == 1


def test_json_lines_become_a_table(caller: Caller, load: Load) -> None:
    source = load('{"id": 1, "text": "a"}\n{"id": 2}\n', file_name="x.jsonl")
    assert source.format == "jsonl"
    assert preview_table(caller, source.table).rows[1] == {"id": 2, "text": None}


def test_awkward_column_names_arrive(caller: Caller, load: Load) -> None:
    source = load('"a ""quoted"" one",semi;colon,`tick`,😀\n1,2,3,4\n')
    assert preview_table(caller, source.table).rows == [
        {'a "quoted" one': 1, "semi;colon": 2, "`tick`": 3, "😀": 4}
    ]


def test_a_taken_name_is_refused_and_the_table_stays(caller: Caller, load: Load) -> None:
    source = load("id\n1\n2\n", name="Things")
    with pytest.raises(Conflict, match="there is a table") as refused:
        load("id\n9\n", name="things.csv")
    assert refused.value.field == "name"
    assert preview_table(caller, source.table).rows == [{"id": 1}, {"id": 2}]


def test_of_uploads_at_once_under_one_name_one_is_taken(
    caller: Caller, arrived: Callable[..., Upload]
) -> None:
    file, together = arrived("id\n" + "1\n" * 1_000), Barrier(6)

    def tried(_: int) -> Source | Conflict:
        together.wait()
        try:
            return upload_file(caller, file, "same")
        except Conflict as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(tried, range(6)))
    refused = [result for result in results if isinstance(result, Conflict)]
    assert len(refused) == 5
    assert {(r.field, "Give another name" in r.detail) for r in refused} == {("name", True)}
    assert len(list_sources(caller).items) == 1


@pytest.mark.parametrize("content", ["", "id,text\n", "id,text\n1\n", b"id\n\xff\n", "a,A\n1,2\n"])
def test_a_refused_file_leaves_nothing(caller: Caller, load: Load, content: str | bytes) -> None:
    with pytest.raises(Invalid) as refused:
        load(content)
    assert refused.value.field == "file"
    assert names_of_tables(caller) == []
    assert list_sources(caller).items == []


def test_bad_rows_are_told_with_their_lines(load: Load) -> None:
    with pytest.raises(Invalid) as refused:
        load("id,text\n1,a\n2\n3,b\n4,c,d\n")
    assert [row["line"] for row in refused.value.problem()["rows"]] == [3, 5]


def test_a_file_over_the_limit_is_refused(caller: Caller, arrived: Callable[..., Upload]) -> None:
    small = replace(caller, settings=caller.settings.model_copy(update={"max_upload_mb": 1}))
    with pytest.raises(TooLarge, match="1 MB is the most"):
        upload_file(small, arrived("id\n" + "1\n" * 600_000), "things")


def test_uploading_needs_the_right_to_write(
    as_role: Callable[..., Caller], arrived: Callable[..., Upload]
) -> None:
    with pytest.raises(Denied):
        upload_file(as_role("data_consumer"), arrived("id\n1\n"), "things")


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("My file.csv", "my_file"), ("loop_a1", "loop_a1"), ("Crème Brûlée", "creme_brulee"),
        ("2024 sales", "t_2024_sales"), ("a.b.c", "a_b_c"), ("__x__.JSONL", "x"),
        ("it's; DROP TABLE x--", "it_s_drop_table_x"), ("data.parquet", "data"),
    ],
)  # fmt: skip
def test_names_make_table_names(written: str, made: str) -> None:
    assert table_name(written) == made


@pytest.mark.parametrize("written", ["😀", "...", "日本", ".csv", "x" * 101])
def test_names_that_make_none_are_refused(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        table_name(written)
    assert refused.value.field == "name"


@given(st.text(max_size=100))
def test_a_table_name_is_always_plain(written: str) -> None:
    try:
        made = table_name(written)
    except Invalid:
        return
    assert made.isidentifier() and made.isascii() and made == made.lower()
    assert table_name(made) == made


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 10_000])
def test_names_that_are_none_are_refused(load: Load, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        load("id\n1\n", name=name)
    assert refused.value.field == "name"


def test_sources_are_listed_newest_first_in_pages(caller: Caller, load: Load) -> None:
    made = [load("id\n1\n", name=f"t{n}").id for n in range(3)]
    first = list_sources(caller, limit=2)
    rest = list_sources(caller, limit=2, cursor=first.next_cursor)
    assert [s.id for s in (*first.items, *rest.items)] == sorted(made, reverse=True)
    assert rest.next_cursor is None


def test_deleting_drops_the_table(caller: Caller, load: Load) -> None:
    source = load("id\n1\n")
    assert delete_source(caller, source.id) == source
    assert names_of_tables(caller) == []
    with pytest.raises(NotFound):
        get_source(caller, source.id)
    load("id\n1\n")


def test_a_source_in_use_is_kept(
    caller: Caller, load: Load, make_sheet: Callable[..., Sheet]
) -> None:
    source = load("id\n1\n")
    sheet = make_sheet(source.table, "Mine")
    with pytest.raises(NotNow, match="Mine"):
        delete_source(caller, source.id)
    archive_sheet(caller, sheet.id)
    delete_source(caller, source.id)


@pytest.mark.embedded(reason="what a script did is undone only where there are transactions")
def test_no_sheet_is_made_of_a_table_that_was_deleted_meanwhile(
    caller: Caller, load: Load, make_sheet: Callable[..., Sheet], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = load("id\n1\n")
    deletes = meanwhile(sheets._columns, lambda: delete_source(caller, source.id))
    monkeypatch.setattr(sheets, "_columns", deletes)
    with pytest.raises(NotFound, match="there is no table"):
        make_sheet(source.table)
    assert list_sheets(caller).items == []


@pytest.mark.embedded(reason="what a script did is undone only where there are transactions")
def test_no_source_is_deleted_under_a_sheet_that_was_made_meanwhile(
    caller: Caller, load: Load, make_sheet: Callable[..., Sheet], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = load("id\n1\n")
    makes = meanwhile(sources.save, lambda: make_sheet(source.table))
    monkeypatch.setattr(sources, "save", makes)
    with pytest.raises(NotNow, match="is used by sheets"):
        delete_source(caller, source.id)
    assert names_of_tables(caller) == [source.table] and get_source(caller, source.id) == source


def meanwhile(step: Callable[..., Any], happens: Callable[[], object]) -> Callable[..., Any]:
    """The step, before which something happens in another thread, as of another request."""

    def late(*given: Any, **named: Any) -> Any:
        with ThreadPoolExecutor(1) as other:
            other.submit(happens).result()
        return step(*given, **named)

    return late


@pytest.mark.parametrize("bad", ["x", "' OR 1=1", "", "0" * 10_000])
def test_ids_that_are_none_are_refused(caller: Caller, bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        get_source(caller, bad)
    assert refused.value.field == "source_id"


def test_another_org_sees_no_source(other_org: Caller, load: Load) -> None:
    source = load("id\n1\n")
    assert list_sources(other_org).items == []
    with pytest.raises(NotFound):
        get_source(other_org, source.id)


def test_both_orgs_may_use_one_name(
    caller: Caller, other_org: Caller, arrived: Callable[..., Upload]
) -> None:
    mine = upload_file(caller, arrived("id\n1\n"), "things")
    theirs = upload_file(other_org, arrived("id\n2\n"), "things")
    assert mine.table != theirs.table
    assert preview_table(caller, mine.table).rows == [{"id": 1}]
