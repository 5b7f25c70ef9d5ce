"""Pairs come into being: prompts, answers, canonical labels, both ways of rendering."""

import hashlib

import pytest

from ontos.data.sheets import SheetSpec, create_sheet, publish_sheet
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.training_sheets import cancel_training_sheet_job
from ontos.kernel.jobs import latest
from tests.generate.conftest import MESSAGES, canonical, pairs

SQL = "Message: {{ message }}\nIntent:"
JINJA = "Message: {% if true %}{{ message }}{% endif %}\nIntent:"


@pytest.mark.parametrize("prompt", [SQL, JINJA])
def test_every_item_becomes_a_pair(caller, sheet, template_of, assembled, prompt):
    made = assembled(sheet, template_of(prompt))
    seen = pairs(caller, made.id)
    assert {ref: pair["prompt"] for ref, pair in seen.items()} == {
        row["ref"]: f"Message: {row['text'] or ''}\nIntent:" for row in MESSAGES
    }
    assert {ref: (p["response"], p["response_source"]) for ref, p in seen.items()} == {
        "a": ("delivery", "existing_column"),
        "b": ("billing", "existing_column"),
        "c": (None, "none"),
        "d": (None, "none"),
    }
    assert {p["review_status"] for p in seen.values()} == {"pending"}
    assert {p["version"] for p in seen.values()} == {1}
    assert (made.total_items, made.auto_approved_count, made.empty_count) == (4, 0, 2)
    assert caller.warehouse.rows("SELECT * FROM rendered_prompts") == []


@pytest.mark.parametrize("prompt", [SQL, JINJA])
def test_canonical_labels_come_first_and_arrive_approved(
    caller, sheet, template_of, assembled, prompt
):
    canonical(caller, sheet.id, "a", "where is it?")
    canonical(caller, sheet.id, "c", "silence")
    canonical(caller, sheet.id, "b", "angry", kind="mood")
    for _ in range(2):
        made = assembled(sheet, template_of(prompt))
        seen = pairs(caller, made.id)
        assert (made.auto_approved_count, made.approved_count, made.pending_count) == (2, 2, 2)
        answer = (seen["a"]["response"], seen["a"]["response_source"])
        assert answer == ("where is it?", "canonical")
        assert (seen["c"]["review_status"], seen["c"]["reviewed_by"]) == ("approved", "ben")
        assert seen["a"]["canonical_label_id"] is not None
        assert (seen["b"]["response"], seen["b"]["canonical_label_id"]) == ("billing", None)


def test_ids_follow_from_sheet_and_item(caller, sheet, template, assembled):
    made = assembled(sheet, template)
    expected = hashlib.md5(f"{made.id}/a".encode(), usedforsecurity=False).hexdigest()
    assert pairs(caller, made.id)["a"]["id"] == expected


def test_without_a_response_column_all_is_left_empty(caller, sheet, template, assembled):
    made = assembled(sheet, template, response_column=None)
    assert made.empty_count == 4
    assert {p["response_source"] for p in pairs(caller, made.id).values()} == {"none"}


@pytest.mark.parametrize("prompt", [SQL, JINJA])
def test_blank_answers_are_none(caller, sheet_of, template_of, assembled, prompt):
    given = ["\t", "\n", " \r\n\u00a0", "\u2003", "", "  ", " a", "\tb\n", "~", "\u00e4"]
    rows = [{"ref": f"r{n}", "text": "x", "label": text} for n, text in enumerate(given)]
    made = assembled(sheet_of(rows), template_of(prompt), response_column="label")
    seen = pairs(caller, made.id)
    told = [seen[row["ref"]]["response"] for row in rows]
    assert told == [None] * 6 + given[6:]
    assert made.empty_count == 6


@pytest.mark.parametrize("prompt", [SQL, JINJA])
def test_what_is_no_number_is_no_answer(caller, sheet_of, template_of, assembled, prompt):
    """It would be the label `nan`, which nobody gave."""
    given = [float("nan"), 1.5, None]
    rows = [{"ref": f"r{n}", "text": "x", "stars": stars} for n, stars in enumerate(given)]
    made = assembled(sheet_of(rows), template_of(prompt), response_column="stars")
    seen = pairs(caller, made.id)
    assert [seen[row["ref"]]["response"] for row in rows] == [None, "1.5", None]
    assert made.empty_count == 2


def test_answers_that_are_numbers_become_text(caller, sheet_of, template, assembled):
    rows = [{"ref": "a", "text": "x", "stars": 5}, {"ref": "b", "text": "y", "stars": None}]
    made = assembled(sheet_of(rows), template, response_column="stars")
    seen = pairs(caller, made.id)
    assert (seen["a"]["response"], seen["b"]["response"]) == ("5", None)


def test_values_of_any_type_render_as_python_writes_them(caller, sheet_of, template_of, assembled):
    rows = [{"ref": "a", "price": 2.5, "new": True, "n": 7},
            {"ref": "b", "price": 1e20, "new": None, "n": None}]  # fmt: skip
    template = template_of("{{ price }} {{ new }} {{ n }}")
    names = {name: name for name in ("price", "new", "n")}
    made = assembled(sheet_of(rows), template, names, None)
    assert {r: p["prompt"] for r, p in pairs(caller, made.id).items()} == {
        "a": "2.5 True 7",
        "b": "1e+20  ",
    }


def test_case_of_other_scripts_is_as_python_has_it(caller, sheet_of, template_of, assembled):
    rows = [{"ref": "a", "text": "stra\u00dfe"}, {"ref": "b", "text": "plain"}]
    made = assembled(sheet_of(rows), template_of("{{ message|upper }}"), response_column=None)
    assert {r: p["prompt"] for r, p in pairs(caller, made.id).items()} == {
        "a": "STRASSE",
        "b": "PLAIN",
    }


def test_one_bad_row_fails_all_with_item_and_reason(caller, sheet_of, template_of, assembled):
    rows = [{"ref": f"r{n}", "n": n} for n in range(5)]
    failed = assembled(sheet_of(rows), template_of("{{ 12 // n }}"), {"n": "n"}, None)
    assert failed.status == "failed"
    assert failed.error_message.startswith("Item r0:") and "zero" in failed.error_message
    assert (pairs(caller, failed.id), failed.total_items) == ({}, 0)
    assert caller.warehouse.rows("SELECT * FROM rendered_prompts") == []


def test_missing_attributes_are_told(caller, sheet, template_of, assembled):
    failed = assembled(sheet, template_of("{{ message.body }}"), response_column=None)
    assert failed.status == "failed" and "body" in failed.error_message


def test_items_without_an_id_column_are_told_apart(caller, table, template_of, assembled):
    name = table("plain", [{"text": "same"}, {"text": "same"}, {"text": "other"}])
    made = create_sheet(caller, SheetSpec(name="plain", source_table=name))
    sheet = publish_sheet(caller, made.id)
    seen = [pairs(caller, assembled(sheet, template_of(p), None, None).id) for p in (SQL, JINJA)]
    assert [len(items) for items in seen] == [3, 3]
    assert seen[0].keys() == seen[1].keys()


def test_a_long_rendering_is_cancelled_and_leaves_nothing(caller, sheet_of, template_of, settled):
    sheet = sheet_of([{"ref": f"r{n}", "text": "x"} for n in range(60_000)])
    spec = AssembleSpec(name="long", template_id=template_of(JINJA).id,
                        column_mapping={"message": "text"})  # fmt: skip
    made = assemble_sheet(caller, sheet.id, spec)
    cancel_training_sheet_job(caller, made.id)
    failed = settled(made)
    assert latest(caller, ("training_sheet", made.id)).status == "cancelled"
    assert failed.status == "failed" and "cancelled" in failed.error_message
    assert failed.total_items == 0
    assert caller.warehouse.rows("SELECT * FROM rendered_prompts LIMIT 1") == []
