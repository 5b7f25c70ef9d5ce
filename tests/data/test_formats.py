"""What is read out of files, and what is refused with which reason."""

import datetime as dt
import decimal
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontos.data.formats import opened
from ontos.data.formats.scratch import scratch
from ontos.kernel.errors import Invalid
from ontos.kernel.transfer import Upload

Arrived = Callable[..., Upload]
MIDNIGHT = dt.datetime(2024, 5, 31, tzinfo=dt.UTC)


def rows(upload: Upload) -> list[dict[str, Any]]:
    with opened(upload) as contents:
        found: list[dict[str, Any]] = contents.batches().read_all().to_pylist()
        assert len(found) == contents.rows
        return found


def kinds(upload: Upload) -> dict[str, str]:
    with opened(upload) as contents:
        return {column.name: column.type for column in contents.columns}


def refusal(upload: Upload) -> Invalid:
    with pytest.raises(Invalid) as refused, opened(upload):
        pass
    assert refused.value.field == "file"
    assert refused.value.detail.startswith("file: ")
    return refused.value


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (("1", "-2", "0"), "BIGINT"),
        (("1", "", " 3 "), "BIGINT"),
        (("007", "12"), "STRING"),
        (("-01", "1"), "STRING"),
        (("1" * 19, "1"), "STRING"),
        (("1_000", "1"), "STRING"),
        (("0x1F", "1"), "STRING"),
        (("1.5", "2"), "DOUBLE"),
        ((".5", "-1e-3"), "DOUBLE"),
        (("9007199254740993", "-123456789012345678"), "BIGINT"),
        (("9007199254740993", "1"), "BIGINT"),
        (("9007199254740992", "1.5"), "DOUBLE"),
        (("9007199254740993", "1.5"), "STRING"),
        (("-123456789012345678", "1.23E+17"), "STRING"),
        (("1e999", "1"), "STRING"),
        (("nan", "1"), "STRING"),
        (("1,5", "2"), "STRING"),
        (("true", "FALSE"), "BOOLEAN"),
        (("yes", "no"), "STRING"),
        (("true", "1"), "STRING"),
        (("2024-05-31", ""), "DATE"),
        (("2024-02-30", "2024-05-31"), "STRING"),
        (("31/05/2024", ""), "STRING"),
        (("2024-05-31 10:00", "2024-05-31T10:00:00.5Z"), "TIMESTAMP"),
        (("2024-05-31", "2024-05-31 10:00+02:00"), "TIMESTAMP"),
        (("2024-05-31 25:00", "2024-05-31 10:00"), "STRING"),
        (("", ""), "STRING"),
        (("null", "1"), "STRING"),
    ],
)
def test_types_come_from_every_value(arrived: Arrived, values: tuple[str, str], kind: str) -> None:
    lines = "".join(f'x,"{value}"\n' for value in values)
    assert kinds(arrived("k,v\n" + lines))["v"] == kind


def test_a_late_value_decides_as_well(arrived: Arrived) -> None:
    assert kinds(arrived("v\n" + "1\n" * 50_000 + "x\n")) == {"v": "STRING"}


def test_values_are_converted(arrived: Arrived) -> None:
    text = "id,n,f,b,d,t\n007, 1 ,2,true,2024-05-31,2024-05-31 02:00+02:00\n,,.5,,,\n"
    assert rows(arrived(text)) == [
        {"id": "007", "n": 1, "f": 2.0, "b": True, "d": dt.date(2024, 5, 31), "t": MIDNIGHT},
        {"id": None, "n": None, "f": 0.5, "b": None, "d": None, "t": None},
    ]


def test_empty_cells_are_null_and_words_are_text(arrived: Arrived) -> None:
    found = rows(arrived('a,b\n"",null\n,NA\n'))
    assert found == [{"a": None, "b": "null"}, {"a": None, "b": "NA"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(arrived: Arrived, delimiter: str) -> None:
    text = f'a{delimiter}b\n"x, y; z"{delimiter}1\n'
    assert rows(arrived(text)) == [{"a": "x, y; z", "b": 1}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_do_not_matter(arrived: Arrived, end: str, mark: str) -> None:
    text = mark + end.join([" a ,B", '"two\nlines",1', "", "x,2", ""])
    assert rows(arrived(text)) == [{"a": "two\nlines", "B": 1}, {"a": "x", "B": 2}]


def test_mixed_line_ends_are_fine(arrived: Arrived) -> None:
    assert len(rows(arrived("a,b\r\n1,2\n3,4\r5,6"))) == 3


def test_spreadsheets_unicode_text_is_read(arrived: Arrived) -> None:
    assert rows(arrived("name\tn\nZoë\t1\n".encode("utf-16"))) == [{"name": "Zoë", "n": 1}]


def test_one_column_has_no_delimiter(arrived: Arrived) -> None:
    assert rows(arrived("text\nhello\n\nbye\n")) == [{"text": "hello"}, {"text": "bye"}]


def test_ragged_rows_are_told_by_line(arrived: Arrived) -> None:
    bad = refusal(arrived('a,b\n"x\ny",1\n2\n\n3,4,5\n')).more["rows"]
    assert [(row["line"], row["text"]) for row in bad] == [(4, "2"), (6, "3,4,5")]
    assert "1; the header has 2" in bad[0]["problem"]


def test_only_the_first_twenty_bad_rows_are_told(arrived: Arrived) -> None:
    refused = refusal(arrived("a,b\n" + "1\n" * 30))
    assert len(refused.more["rows"]) == 20
    assert "30 rows" in refused.detail


def test_a_bad_row_far_down_is_found(arrived: Arrived) -> None:
    text = "a,b\n" + '1,"two\nlines"\n' * 40_000 + "lonely\n" + "1,2\n" * 1_000
    assert [row["line"] for row in refusal(arrived(text)).more["rows"]] == [80_002]


def test_an_unclosed_quote_is_told(arrived: Arrived) -> None:
    assert "quotation mark" in refusal(arrived('a,b\n1,"x\n2,3\n')).detail


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,b", "no rows"),
        (b"a,A \n1,2\n", "'a', 'A'"),
        (b"a,,b\n1,2,3\n", "name 2 of the header is empty"),
        (b'"a\nb",c\n1,2\n', "line break"),
        (b"x" * 300 + b",b\n1,2\n", "300 characters"),
        (b"a,b\n1,caf\xe9\n", "byte 0xE9 at position 10 (line 2)"),
        (b"a,b\r\n1,2\r\n3,\xff\n", "position 13 (line 3)"),
        (b"a,b\n1,\x00\n", "line 2 holds a zero byte"),
        (b'"a,b\n' + b"1,2\n" * 40_000, "header cannot be read"),
        (b"PK\x03\x04....", "Excel"),
        (b"\x1f\x8b....", "gzip"),
        (",".join(f"c{n}" for n in range(1_001)).encode() + b"\n", "1,000 columns"),
    ],
)
def test_refusals_say_what_is_wrong(arrived: Arrived, content: bytes, said: str) -> None:
    assert said in refusal(arrived(content)).detail


def test_broken_bytes_are_placed_in_a_long_file(arrived: Arrived) -> None:
    good = "a,b\n" + "ü,ü\n" * 400_000
    refused = refusal(arrived(good.encode() + b"\xff,1\n"))
    assert f"position {len(good.encode()) + 1:,} (line 400,002)" in refused.detail


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls", "table.avro"])
def test_formats_that_are_none_of_ours_are_refused(arrived: Arrived, name: str) -> None:
    assert "CSV, Parquet and JSON lines" in refusal(arrived("a\n1\n", name)).detail


@pytest.mark.parametrize(
    ("content", "name", "content_type", "kind"),
    [
        ("a\n1\n", "x", "text/csv; charset=utf-8", "csv"),
        ("a\n1\n", "x.csv", "application/vnd.ms-excel", "csv"),
        ('{"a": 1}\n', "x", "application/x-ndjson", "jsonl"),
        ('{"a": 1}\n', "x.jsonl", "application/octet-stream", "jsonl"),
        ('{"a": 1}\n', "x", "", "jsonl"),
        ("a\n1\n", "x", "", "csv"),
    ],
)
def test_the_format_is_found(
    arrived: Arrived, content: str, name: str, content_type: str, kind: str
) -> None:
    with opened(arrived(content, name, content_type)) as contents:
        assert contents.format == kind


def test_a_row_may_be_long_but_not_without_end(arrived: Arrived) -> None:
    assert len(rows(arrived("a\n" + "x" * 3_900_000 + "\n"))[0]["a"]) == 3_900_000
    assert "line 3 is longer than 4 MB" in refusal(arrived("a\n1\n" + "x" * 4_100_000)).detail


def test_json_lines_keep_their_types(arrived: Arrived) -> None:
    text = (
        '{"i": 1, "f": 1, "b": true, "s": "x", "o": {"k": [1, 2]}, "m": 1, "n": null}\n\n'
        '{"late": "y", "f": 1.5, "m": "one"}\n'
    )
    upload = arrived(text, "x.jsonl")
    assert kinds(upload) == {
        "i": "BIGINT", "f": "DOUBLE", "b": "BOOLEAN", "s": "STRING", "o": "STRING",
        "m": "STRING", "n": "STRING", "late": "STRING",
    }  # fmt: skip
    first, second = rows(upload)
    assert (first["o"], first["m"], second["m"]) == ('{"k":[1,2]}', "1", "one")
    assert (second["late"], second["i"]) == ("y", None)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (2**53 + 1, 1, "BIGINT"), (-(2**53) - 1, 2**53 + 1, "BIGINT"), (2**53, 1.5, "DOUBLE"),
        (2**53 + 1, 1.5, "STRING"), (-(2**53) - 1, 1.5, "STRING"),
    ],
)  # fmt: skip
def test_no_digits_are_lost_beside_a_fraction(
    arrived: Arrived, first: int, second: float, kind: str
) -> None:
    upload = arrived(f'{{"v": {first}}}\n{{"v": {second}}}\n', "x.jsonl")
    assert kinds(upload) == {"v": kind}
    given = (first, second)
    assert [type(n)(row["v"]) for n, row in zip(given, rows(upload), strict=True)] == [*given]


def test_whole_numbers_too_big_for_bigint_keep_their_digits(arrived: Arrived) -> None:
    big = [2**63, -(2**63) - 1, 123456789012345678901234567890, 123456789012345678901234567891]
    lines = [f'{{"v": {2**63 - 1}, "w": {n}, "m": 1, "f": 1e30}}' for n in big]
    lines.append('{"v": -1, "w": 1, "m": 18446744073709551616, "f": 2.5}')
    upload = arrived("\n".join(lines) + "\n", "x.jsonl")
    assert kinds(upload) == {"v": "BIGINT", "w": "STRING", "m": "STRING", "f": "DOUBLE"}
    found = rows(upload)
    assert [row["w"] for row in found] == [*map(str, big), "1"]
    assert [row["m"] for row in found] == ["1"] * 4 + ["18446744073709551616"]
    assert (found[0]["v"], found[0]["f"]) == (2**63 - 1, 1e30)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{bad", "is not JSON at character 2"),
        ('{"a":', "is not JSON at character 6"),
        ("[1]", "not an object"),
        ('"text"', "not an object"),
        ('{"a": 1, "a": 2}', "'a' twice"),
        ('{"a": "\\ud83d"}', "half of a character"),
        ('{"a": 1} {"a": 2}', "is not JSON"),
        (r'{"a": "x\u0000"}', "zero byte"),
        (r'{"a": ["\\\u0000"]}', "zero byte"),
    ],
)
def test_broken_json_lines_are_told_by_line(arrived: Arrived, line: str, said: str) -> None:
    bad = refusal(arrived(f'\ufeff{{"a": 1}}\n\n{{"a": 2}}\n{line}\n', "x.jsonl")).more["rows"]
    assert [row["line"] for row in bad] == [4]
    assert said in bad[0]["problem"]


def test_what_only_looks_like_a_zero_byte_is_kept(arrived: Arrived) -> None:
    upload = arrived(r'{"a": "\\u0000", "b": "\\\\u0000"}', "x.jsonl")
    assert rows(upload) == [{"a": r"\u0000", "b": r"\\u0000"}]


def test_a_number_beyond_a_double_keeps_its_digits(arrived: Arrived) -> None:
    upload = arrived('{"a": 1e400}\n{"a": 2.5}\n', "x.jsonl")
    assert [row["a"] for row in rows(upload)] == ["1e400", "2.5"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}\n{"A": 2}\n', "'a', 'A'"),
        ('{"": 1}\n', "is empty"),
        ("{}\n", "no columns"),
        ('[{"a": 1}]\n', "not an object"),
    ],
)
def test_keys_are_columns(arrived: Arrived, text: str, said: str) -> None:
    assert said in refusal(arrived(text, "x.jsonl")).detail


def parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def test_parquet_types_are_taken_over(arrived: Arrived) -> None:
    table = pa.table({
        "i": pa.array([1], pa.int32()), "u": pa.array([2**63], pa.uint64()),
        "d": [decimal.Decimal("1.50")], "bin": [b"\x00\x01"], "when": [MIDNIGHT],
        "naive": [MIDNIGHT.replace(tzinfo=None)], "list": [[1, 2]], "nest": [{"k": "x"}],
        "word": pa.array(["x"]).dictionary_encode(), "clock": [dt.time(10, 0)], "none": pa.nulls(1),
    })  # fmt: skip
    upload = arrived(parquet(table), "x.parquet")
    assert kinds(upload) == {
        "i": "INT", "u": "DECIMAL(20,0)", "d": "DECIMAL(3,2)", "bin": "BINARY",
        "when": "TIMESTAMP", "naive": "TIMESTAMP", "list": "STRING", "nest": "STRING",
        "word": "STRING", "clock": "STRING", "none": "STRING",
    }  # fmt: skip
    (row,) = rows(upload)
    assert (row["when"], row["naive"], row["list"], row["nest"]) == (
        MIDNIGHT, MIDNIGHT, "[1,2]", '{"k":"x"}')  # fmt: skip


def test_parquet_is_known_by_its_bytes(arrived: Arrived) -> None:
    upload = arrived(parquet(pa.table({"a": [1]})), "x.csv", "text/csv")
    with opened(upload) as contents:
        assert contents.format == "parquet"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (parquet(pa.table([[1], [2]], names=["a", "a"])), "'a', 'a'"),
        (parquet(pa.table({"a": pa.array([], pa.int64())})), "no rows"),
        (parquet(pa.table({"a": [1] * 1000}))[:-30], "cannot be read"),
        (parquet(pa.table({"n": [1, 2], "a": ["x\0", "y"]})), "1 values of the column 'a' hold a"),
        (b"a,b\n1,2\n", "does not begin as one"),
    ],
)
def test_bad_parquet_is_refused(arrived: Arrived, content: bytes, said: str) -> None:
    assert said in refusal(arrived(content, "x.parquet")).detail


CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=20)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20))
def test_text_comes_out_as_it_went_in(arrived: Arrived, cells: list[tuple[str, str]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    upload = arrived("key,a,b\n" + "".join(f'"-",{row}\n' for row in quoted))
    with opened(upload) as contents:
        text = [column.name for column in contents.columns if column.type == "STRING"]
        found = contents.batches().read_all().to_pylist()
    for row, cell in zip(found, cells, strict=True):
        for name, value in zip(("a", "b"), cell, strict=True):
            assert name not in text or row[name] == (value or None)


def test_the_scratch_engine_reads_one_file_only(tmp_path: Path) -> None:
    import duckdb

    mine, other = tmp_path / "mine", tmp_path / "other"
    for path in (mine, other):
        path.write_text("a\n1\n")
    with scratch(mine) as engine:
        assert engine.sql(f"SELECT count(*) FROM read_csv('{mine}')").fetchall()
        for statement in (
            f"SELECT * FROM read_csv('{other}')",
            "SELECT * FROM read_text('/etc/hostname')",
            f"COPY (SELECT 1) TO '{tmp_path}/made'",
            f"ATTACH '{tmp_path}/made.db'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                engine.execute(statement)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "other"]
