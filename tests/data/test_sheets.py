"""Sheets: made, published, archived, changed by one person at a time."""

from collections.abc import Callable

import pytest

from ontos.data.sheets import (
    Sheet,
    SheetChange,
    SheetSpec,
    archive_sheet,
    create_sheet,
    get_sheet,
    guess_modality,
    list_sheets,
    preview_sheet,
    publish_sheet,
    update_sheet,
)
from ontos.govern.lineage import get_lineage
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow, Refused
from ontos.warehouse import quote, split_name

Table = Callable[..., str]
Make = Callable[..., Sheet]

ROWS = [
    {"id": "a", "text": "hello", "intent": "greet"},
    {"id": "b", "text": "bye", "intent": "part"},
    {"id": "c", "text": "hi", "intent": "greet"},
]


@pytest.fixture
def messages(table: Table) -> str:
    return table("messages", ROWS)


def test_a_new_sheet_is_a_draft(caller: Caller, messages: str, make_sheet: Make) -> None:
    sheet = make_sheet(messages, item_id_column="id", description="What people say")
    assert (sheet.status, sheet.version, sheet.item_count) == ("draft", 1, None)
    assert {c.name: c.modality for c in sheet.columns} == {
        "id": "metadata",
        "text": "text",
        "intent": "label",
    }
    assert get_sheet(caller, sheet.id) == sheet


@pytest.mark.parametrize(
    ("name", "kind", "modality"),
    [
        ("text", "STRING", "text"), ("customer_message", "STRING", "text"),
        ("label", "STRING", "label"), ("Category", "STRING", "label"), ("topic", "STRING", "label"),
        ("image_url", "STRING", "image"), ("photo", "STRING", "image"),
        ("item_id", "STRING", "metadata"), ("score", "DOUBLE", "metadata"),
    ],
)  # fmt: skip
def test_modalities_are_guessed(name: str, kind: str, modality: str) -> None:
    assert guess_modality(name, kind) == modality


def test_modalities_can_be_said(messages: str, make_sheet: Make) -> None:
    sheet = make_sheet(messages, modalities={"text": "image", "intent": "metadata"})
    assert [c.modality for c in sheet.columns] == ["metadata", "image", "metadata"]


def test_the_life_of_a_sheet(caller: Caller, messages: str, make_sheet: Make) -> None:
    sheet = make_sheet(messages, item_id_column="id")
    published = publish_sheet(caller, sheet.id)
    assert (published.status, published.item_count, published.version) == ("published", 3, 2)
    with pytest.raises(NotNow, match="archived"):
        publish_sheet(caller, sheet.id)
    archived = archive_sheet(caller, sheet.id)
    assert (archived.status, archived.item_count) == ("archived", 3)
    for forbidden in (publish_sheet, archive_sheet):
        with pytest.raises(NotNow, match="final"):
            forbidden(caller, sheet.id)
    with pytest.raises(NotNow, match="archived"):
        update_sheet(caller, sheet.id, SheetChange(name="other"))
    assert get_sheet(caller, sheet.id) == archived


def test_a_sheet_came_out_of_its_table(caller: Caller, messages: str, make_sheet: Make) -> None:
    sheet = make_sheet(messages)
    graph = get_lineage(caller, "sheet", sheet.id)
    assert {(n.entity_type, n.entity_id) for n in graph.nodes} == {
        ("table", messages),
        ("sheet", sheet.id),
    }


def test_a_change_keeps_what_is_not_given(caller: Caller, messages: str, make_sheet: Make) -> None:
    sheet = make_sheet(messages, description="old")
    change = SheetChange(name="new", modalities={"id": "text"}, version=1)
    changed = update_sheet(caller, sheet.id, change)
    assert (changed.name, changed.description, changed.version) == ("new", "old", 2)
    assert [c.modality for c in changed.columns] == ["text", "text", "label"]


def test_a_modality_of_no_column_changes_nothing(
    caller: Caller, messages: str, make_sheet: Make
) -> None:
    sheet = make_sheet(messages)
    change = SheetChange.model_validate(
        {"name": "new", "modalities": {"id": "text", "nope": "text"}}
    )
    with pytest.raises(Invalid, match=r"nope.*id, text, intent") as refused:
        update_sheet(caller, sheet.id, change)
    assert refused.value.field == "modalities"
    assert get_sheet(caller, sheet.id) == sheet


def test_the_second_of_two_changes_is_told(
    caller: Caller, as_role: Callable[..., Caller], messages: str, make_sheet: Make
) -> None:
    sheet = make_sheet(messages)
    other = as_role("data_producer", "maria@example.org")
    update_sheet(other, sheet.id, SheetChange(name="theirs", version=sheet.version))
    with pytest.raises(Conflict, match=r"maria@example\.org") as refused:
        update_sheet(caller, sheet.id, SheetChange(name="mine", version=sheet.version))
    assert refused.value.field == "version"
    assert get_sheet(caller, sheet.id).name == "theirs"


@pytest.mark.parametrize("name", ["no.such.table", "things", "", "a.b.c; DROP TABLE sheets"])
def test_a_table_must_be_there(caller: Caller, make_sheet: Make, name: str) -> None:
    with pytest.raises((NotFound, Invalid)) as refused:
        make_sheet(name)
    assert refused.value.field == "source_table"
    assert list_sheets(caller).items == []


def test_columns_must_be_there(messages: str, make_sheet: Make) -> None:
    with pytest.raises(Invalid, match=r"nope.*id, text, intent") as refused:
        make_sheet(messages, item_id_column="nope")
    assert refused.value.field == "item_id_column"
    with pytest.raises(Invalid) as refused:
        make_sheet(messages, modalities={"x" * 10_000: "text"})
    assert refused.value.field == "modalities"
    assert len(refused.value.detail) < 500


@pytest.mark.parametrize(
    "name", ["Robert'); DROP TABLE sheets;--", '"quoted" \\ ; name', "😀 émoji ` tick", "x" * 200]
)
def test_unusual_names_are_kept_as_they_are(
    caller: Caller, messages: str, make_sheet: Make, name: str
) -> None:
    sheet = make_sheet(messages, name, description=f"{name}\n{name}")
    assert get_sheet(caller, sheet.id).name == name
    assert publish_sheet(caller, sheet.id).description == f"{name}\n{name}"


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 10_000, "tab\there"])
def test_names_that_are_none_are_refused(caller: Caller, messages: str, name: str) -> None:
    with pytest.raises(ValueError):
        SheetSpec(name=name, source_table=messages)


def test_an_unknown_field_is_refused(messages: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        SheetSpec.model_validate({"name": "x", "source_table": messages, "colour": "red"})


@pytest.mark.parametrize("bad", ["x", "' OR 1=1 --", "", "ABCDEF" * 6, "0" * 10_000])
def test_ids_that_are_none_are_refused(caller: Caller, bad: str) -> None:
    for ask in (get_sheet, publish_sheet, archive_sheet, preview_sheet):
        with pytest.raises(Invalid) as refused:
            ask(caller, bad)
        assert refused.value.field == "sheet_id"


def test_a_missing_sheet_is_not_found(caller: Caller) -> None:
    for ask in (get_sheet, publish_sheet, archive_sheet, preview_sheet):
        with pytest.raises(NotFound):
            ask(caller, "0" * 32)


def test_one_row_can_be_published(caller: Caller, table: Table, make_sheet: Make) -> None:
    sheet = make_sheet(table("one", [{"id": 1}]))
    assert publish_sheet(caller, sheet.id).item_count == 1


def test_no_rows_cannot_be_published(caller: Caller, table: Table, make_sheet: Make) -> None:
    name = table("none", [{"id": 1}])
    caller.warehouse.execute(f"DELETE FROM {quote(*split_name(name))}")
    sheet = make_sheet(name)
    assert preview_sheet(caller, sheet.id).rows == []
    with pytest.raises(Refused, match="no rows"):
        publish_sheet(caller, sheet.id)
    assert get_sheet(caller, sheet.id).status == "draft"


def test_ids_must_tell_items_apart(caller: Caller, table: Table, make_sheet: Make) -> None:
    rows = [{"id": "a"}, {"id": "a"}, {"id": None}, {"id": "b"}]
    name = table("twice", rows)
    with pytest.raises(Refused, match="of 4 rows 1 have none and 1 repeat") as refused:
        publish_sheet(caller, make_sheet(name, item_id_column="id").id)
    assert refused.value.field == "item_id_column"
    assert publish_sheet(caller, make_sheet(name).id).item_count == 4


def test_a_draft_that_changed_unseen_is_published_as_it_is(
    caller: Caller, messages: str, make_sheet: Make
) -> None:
    sheet = make_sheet(messages)
    get_sheet(caller, sheet.id)
    change = "UPDATE sheets SET {}, version = version + 1 WHERE id = :id"
    caller.warehouse.execute(change.format("name = 'renamed'"), id=sheet.id)
    assert publish_sheet(caller, sheet.id).name == "renamed"
    other = get_sheet(caller, make_sheet(messages).id)
    caller.warehouse.execute(change.format("status = 'archived'"), id=other.id)
    with pytest.raises(NotNow, match="archived"):
        publish_sheet(caller, other.id)


def test_a_lost_table_or_column_is_told(caller: Caller, messages: str, make_sheet: Make) -> None:
    sheet = make_sheet(messages)
    quoted = quote(*split_name(messages))
    caller.warehouse.execute(f"ALTER TABLE {quoted} DROP COLUMN intent")
    for ask in (publish_sheet, preview_sheet):
        with pytest.raises(Refused, match="intent"):
            ask(caller, sheet.id)
    caller.warehouse.execute(f"DROP TABLE {quoted}")
    for ask in (publish_sheet, preview_sheet):
        with pytest.raises(NotFound, match="messages"):
            ask(caller, sheet.id)


def test_previews_page_by_reference(caller: Caller, table: Table, make_sheet: Make) -> None:
    rows = [{"id": f"{n:02}", "text": "x"} for n in (3, 1, 5, 2, 4)]
    sheet = make_sheet(table("pages", rows), item_id_column="id")
    pages = [preview_sheet(caller, sheet.id, limit=2, offset=at) for at in (0, 2, 4)]
    assert [row["item_ref"] for page in pages for row in page.rows] == [
        "01",
        "02",
        "03",
        "04",
        "05",
    ]
    assert [page.more for page in pages] == [True, True, False]
    assert pages[0].columns == ["item_ref", "id", "text"]


def test_hashed_previews_page_without_gaps(caller: Caller, table: Table, make_sheet: Make) -> None:
    sheet = make_sheet(table("same", [{"text": "x"}] * 5 + [{"text": "y"}] * 2))
    pages = [preview_sheet(caller, sheet.id, limit=3, offset=at).rows for at in (0, 3, 6)]
    assert len({row["item_ref"] for page in pages for row in page}) == 7


def test_lists_are_newest_first_and_filtered(
    caller: Caller, messages: str, make_sheet: Make
) -> None:
    made = [make_sheet(messages, f"s{n}").id for n in range(3)]
    publish_sheet(caller, made[1])
    first = list_sheets(caller, limit=2)
    rest = list_sheets(caller, limit=2, cursor=first.next_cursor)
    assert [s.id for s in (*first.items, *rest.items)] == sorted(made, reverse=True)
    assert [s.id for s in list_sheets(caller, status="published").items] == [made[1]]


@pytest.mark.parametrize("given", [{"status": "lost"}, {"limit": 0}, {"cursor": "nonsense!"}])
def test_impossible_lists_are_refused(caller: Caller, given: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        list_sheets(caller, **given)  # type: ignore[arg-type]
    assert refused.value.field == next(iter(given))


def test_another_orgs_table_is_not_found(caller: Caller, other_org: Caller, messages: str) -> None:
    for name in (messages, messages.upper(), ".".join(f"`{part}`" for part in messages.split("."))):
        with pytest.raises(NotFound):
            create_sheet(other_org, SheetSpec(name="stolen", source_table=name))


def test_another_orgs_sheet_is_not_found(
    other_org: Caller, messages: str, make_sheet: Make
) -> None:
    sheet = make_sheet(messages)
    assert list_sheets(other_org).items == []
    with pytest.raises(NotFound):
        get_sheet(other_org, sheet.id)


def test_readers_may_not_write(as_role: Callable[..., Caller], messages: str) -> None:
    reader = as_role("data_consumer")
    assert list_sheets(reader).items == []
    with pytest.raises(Denied):
        create_sheet(reader, SheetSpec(name="x", source_table=messages))
