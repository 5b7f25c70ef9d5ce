"""How much of a sheet is answered already."""

import pytest

from ontos.generate.coverage import get_coverage
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import now
from tests.generate.conftest import canonical


def test_nothing_is_covered_before_a_review(caller, sheet, template):
    cover = get_coverage(caller, sheet.id, template.id)
    assert (cover.items, cover.covered, cover.uncovered, cover.percent) == (4, 0, 4, 0.0)
    assert cover.by_label == []


def test_labels_of_the_same_kind_and_sheet_count(caller, sheet, template):
    for item, answer in (("a", "delivery"), ("b", "billing"), ("d", "billing")):
        canonical(caller, sheet.id, item, answer)
    canonical(caller, sheet.id, "c", "calm", kind="mood")
    canonical(caller, sheet.id, "gone", "delivery")
    canonical(caller, "0" * 32, "c", "delivery")
    cover = get_coverage(caller, sheet.id, template.id)
    assert (cover.covered, cover.uncovered, cover.percent) == (3, 1, 75.0)
    assert [(c.label, c.items) for c in cover.by_label] == [("billing", 2), ("delivery", 1)]


def test_open_answers_are_counted_in_full_but_listed_in_part(caller, sheet_of, template):
    sheet = sheet_of([{"ref": f"r{n:03d}", "text": "x"} for n in range(250)])
    caller.warehouse.execute(
        "INSERT INTO canonical_labels (id, sheet_id, item_ref, label_type, response, version,"
        " created_by, created_at, updated_by, updated_at) SELECT md5(ref), :sheet, ref,"
        " 'intent', concat('answer ', ref), 1, 'ana', :at, 'ana', :at"
        " FROM workbench.data_default.messages WHERE ref < 'r240'",
        sheet=sheet.id, at=now(),
    )  # fmt: skip
    cover = get_coverage(caller, sheet.id, template.id)
    assert (cover.covered, len(cover.by_label)) == (240, 200)


def test_both_must_exist(caller, sheet, template):
    with pytest.raises(NotFound):
        get_coverage(caller, "0" * 32, template.id)
    with pytest.raises(NotFound):
        get_coverage(caller, sheet.id, "0" * 32)
