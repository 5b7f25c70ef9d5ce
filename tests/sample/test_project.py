"""The sample project loads by operations, is whole, and leaves nothing when removed."""

import csv
import io
import time
from collections.abc import Callable

import pytest

from ontos.data.sheets import get_sheet, preview_sheet
from ontos.generate.training_sheets import get_training_sheet
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotFound
from ontos.label.reviews import Review, review_pairs
from ontos.sample.project import Sample, load_sample, remove_sample, with_pictures
from tests.label.assembled import Maker


def assembled(caller: Caller) -> Sample:
    made = load_sample(caller)
    until = time.monotonic() + 30
    while get_training_sheet(caller, made.training_sheet_id).status == "assembling":
        assert time.monotonic() < until
        time.sleep(0.05)
    return made


def test_its_rows_are_whole_and_some_have_pictures() -> None:
    rows = list(csv.DictReader(io.StringIO(with_pictures())))
    assert len(rows) == 304 and len({row["message_id"] for row in rows}) == 304
    assert all(row["message"] and row["topic"] for row in rows)
    pictures = [row["picture"] for row in rows if row["picture"]]
    assert len(pictures) > 40 and all(p.startswith("data:image/svg+xml;base64,") for p in pictures)


def test_it_loads_as_if_by_hand(caller: Caller) -> None:
    made = assembled(caller)
    sheet = get_sheet(caller, made.sheet_id)
    assert (sheet.status, sheet.item_count) == ("published", made.rows)
    assert {c.modality for c in sheet.columns} == {"text", "image", "metadata", "label"}
    training = get_training_sheet(caller, made.training_sheet_id)
    assert (training.status, training.pending_count) == ("ready", made.rows)
    assert len(preview_sheet(caller, made.sheet_id, limit=5).rows) == 5


def test_it_loads_once(caller: Caller) -> None:
    assembled(caller)
    with pytest.raises(Conflict, match="loaded already"):
        load_sample(caller)


def test_removing_it_leaves_nothing_and_it_loads_again(caller: Caller) -> None:
    made = assembled(caller)
    review_pairs(caller, made.training_sheet_id, Review(action="approve", where={}))
    removed = remove_sample(caller)
    assert (removed.pairs, removed.labels, removed.kept) == (made.rows, made.rows, [])
    for name in ("sheets", "templates", "training_sheets", "pairs", "canonical_labels", "sources",
                 "label_versions"):  # fmt: skip
        assert caller.warehouse.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"] == 0, name
    assert assembled(caller).rows == made.rows


def test_removing_it_leaves_the_history_of_other_labels(
    caller: Caller, table: Callable[..., str]
) -> None:
    """Also of one that was withdrawn, which is found in its history alone."""
    mine = Maker(caller, table)().id
    for action, reason in (("approve", None), ("reject", "wrong")):
        review_pairs(caller, mine, Review(action=action, where={}, reason=reason))
    kept = caller.warehouse.rows("SELECT * FROM label_versions ORDER BY label_id, version")
    assert {row["change"] for row in kept} == {"set", "withdrawn"}
    made = assembled(caller)
    review_pairs(caller, made.training_sheet_id, Review(action="approve", where={}))
    remove_sample(caller)
    after = caller.warehouse.rows("SELECT * FROM label_versions ORDER BY label_id, version")
    assert after == kept


def test_there_must_be_one_to_remove(caller: Caller) -> None:
    with pytest.raises(NotFound, match="not loaded"):
        remove_sample(caller)
