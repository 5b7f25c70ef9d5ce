"""Finders are built from the sheet's own columns."""

from ontos.data.sheets import SheetColumn, get_sheet
from ontos.improve.finders import SEGMENT_COLUMNS, segment_errors, segment_values
from tests.train.made import Trained


def test_segments_are_metadata_but_not_the_id(served: Trained) -> None:
    sheet = get_sheet(served.caller, served.sheet.sheet_id)
    assert dict(segment_values(sheet)) == {"s0": "channel"}
    assert segment_errors(sheet) is not None


def test_a_sheet_without_metadata_has_none(served: Trained) -> None:
    sheet = get_sheet(served.caller, served.sheet.sheet_id)
    text_only = [c.model_copy(update={"modality": "text"}) for c in sheet.columns]
    assert segment_errors(sheet.model_copy(update={"columns": text_only})) is None


def test_only_so_many_columns_are_looked_at(served: Trained) -> None:
    sheet = get_sheet(served.caller, served.sheet.sheet_id)
    many = [SheetColumn(name=f"m{n}", type="STRING", modality="metadata") for n in range(20)]
    assert len(segment_values(sheet.model_copy(update={"columns": many}))) == SEGMENT_COLUMNS


def test_a_column_that_the_reference_hides_is_no_segment(served: Trained) -> None:
    """Under its name the items have their references: errors would be told of values it lacks."""
    sheet = get_sheet(served.caller, served.sheet.sheet_id)
    named = [SheetColumn(name=n, type="BIGINT", modality="metadata") for n in ("Item_Ref", "shop")]
    sheet = sheet.model_copy(update={"columns": named, "item_id_column": None})
    assert dict(segment_values(sheet)) == {"s0": "shop"}
    alone = segment_errors(sheet.model_copy(update={"columns": named[:1]}))
    assert alone is None
