"""The rows that pairs were made of: in the order of the pairs, and told where they are gone."""

import json

from ontos.label.source_rows import source_rows

COLUMNS = json.dumps([{"name": "text", "type": "STRING", "modality": "text"}])


def pair(ref, table, sheet="s"):
    return {"sheet_id": sheet, "item_ref": ref, "source_table": table, "item_id_column": "ref",
            "sheet_columns": COLUMNS}  # fmt: skip


def test_rows_come_in_the_order_of_their_pairs_and_of_several_sheets(caller, table):
    one = table("one", [{"ref": "a", "text": "first"}, {"ref": "b", "text": "second"}])
    other = table("other", [{"ref": "a", "text": "elsewhere"}])
    found = source_rows(caller, [pair("b", one), pair("a", other, "t"), pair("a", one)])
    assert [each["source"]["text"] for each in found] == ["second", "elsewhere", "first"]


def test_what_is_gone_is_told_for_its_own_pair_alone(caller, table):
    one = table("one", [{"ref": "a", "text": "first"}])
    gone = one.replace("one", "gone")
    found = source_rows(caller, [pair("a", one), pair("z", one), pair("a", gone, "t"),
                                 pair("a", None, "u")])  # fmt: skip
    assert found[0]["source"]["text"] == "first"
    assert "no row in" in found[1]["source_problem"]
    assert "gone" in found[2]["source_problem"]
    assert "not made of a row" in found[3]["source_problem"]
