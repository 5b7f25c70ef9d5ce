"""The Data page: every view opens, and a file becomes a published sheet by clicks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ontos.bootstrap import Workbench
from ontos.data.sheets import SheetSpec, archive_sheet, create_sheet, get_sheet, list_sheets
from ontos.data.sources import list_sources
from ontos.doors import process
from ontos.kernel.caller import Caller
from pages.data.new_sheet import _likely_id
from pages.data.words import escaped

NAVIGATION = Path(__file__).parents[2] / "pages" / "navigation.py"
Table = Callable[..., str]
CSV = b"id,text,intent\na,hello,greet\nb,bye,part\n"


@pytest.fixture
def open_page(bench: Workbench) -> Iterator[Callable[..., AppTest]]:
    """Open the Data page at this address."""
    process.use(bench)

    def make(**address: str) -> AppTest:
        at = AppTest.from_file(NAVIGATION, default_timeout=60).run()
        at.switch_page("data/page.py")
        for name, value in address.items():
            at.query_params[name] = value
        return settled(at)

    yield make
    process.use(None)


def settled(at: AppTest) -> AppTest:
    """The page after a run that must not fail."""
    at.run()
    assert not at.exception, at.exception
    return at


def words(at: AppTest) -> str:
    """Everything that stands on the page as text."""
    kinds = (at.markdown, at.caption, at.subheader, at.text, at.error, at.warning, at.title)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    return settled(at)


@pytest.fixture
def messages(table: Table) -> str:
    return table("messages", [{"id": "a", "text": "hello", "picture": "data:image/png;base64,x"}])


@pytest.mark.parametrize("view", ["sheets", "upload", "catalog"])
def test_every_view_opens_empty(open_page: Callable[..., AppTest], view: str) -> None:
    at = open_page(view=view)
    assert at.title[0].value == "Data"
    assert not at.error


def test_the_list_shows_states(
    open_page: Callable[..., AppTest], caller: Caller, messages: str
) -> None:
    made = [
        create_sheet(caller, SheetSpec(name=n, source_table=messages)) for n in ("one", "*two*")
    ]
    archive_sheet(caller, made[0].id)
    at = open_page(view="sheets")
    assert "one" in words(at) and r"\*two\*" in words(at)
    assert "archived" in words(at) and "draft" in words(at)


def test_a_sheet_shows_its_rows_and_is_published(
    open_page: Callable[..., AppTest], caller: Caller, messages: str
) -> None:
    sheet = create_sheet(caller, SheetSpec(name="mine", source_table=messages, item_id_column="id"))
    at = open_page(view="sheets", sheet=sheet.id)
    assert list(at.dataframe[0].value["id"]) == ["a"]
    press(at, "Publish")
    assert get_sheet(caller, sheet.id).status == "published"
    assert "Make pairs of it" in [button.label for button in at.button]


def test_a_refused_publish_says_why(
    open_page: Callable[..., AppTest], caller: Caller, table: Table
) -> None:
    name = table("twice", [{"id": "a"}, {"id": "a"}])
    sheet = create_sheet(caller, SheetSpec(name="mine", source_table=name, item_id_column="id"))
    at = press(open_page(view="sheets", sheet=sheet.id), "Publish")
    assert escaped("Item id column: id must name each row once") in at.error[0].value


def test_a_sheet_is_renamed_and_archived(
    open_page: Callable[..., AppTest], caller: Caller, messages: str
) -> None:
    sheet = create_sheet(caller, SheetSpec(name="mine", source_table=messages))
    at = open_page(view="sheets", sheet=sheet.id)
    at.text_input(key=f"name-{sheet.id}-1").set_value("yours")
    press(at, "Save")
    assert get_sheet(caller, sheet.id).name == "yours"
    press(at, "Archive the sheet")
    assert get_sheet(caller, sheet.id).status == "archived"


def test_what_was_typed_stays_when_it_is_refused(
    open_page: Callable[..., AppTest], caller: Caller, messages: str
) -> None:
    sheet = create_sheet(caller, SheetSpec(name="mine", source_table=messages))
    at = open_page(view="sheets", sheet=sheet.id)
    at.text_input(key=f"name-{sheet.id}-1").set_value("x" * 300)
    press(at, "Save")
    assert "300 characters" in at.error[0].value
    assert at.text_input(key=f"name-{sheet.id}-1").value == "x" * 300


def test_a_sheet_whose_table_is_gone_still_opens(
    open_page: Callable[..., AppTest], caller: Caller, messages: str
) -> None:
    sheet = create_sheet(caller, SheetSpec(name="mine", source_table=messages))
    caller.warehouse.execute(f"DROP TABLE {messages}")
    at = open_page(view="sheets", sheet=sheet.id)
    assert "is gone, or you may not see it" in at.warning[0].value
    press(at, "Archive the sheet")
    assert get_sheet(caller, sheet.id).status == "archived"


def test_rows_are_leafed_through(
    open_page: Callable[..., AppTest], caller: Caller, table: Table
) -> None:
    name = table("many", [{"id": n} for n in range(100, 150)])
    sheet = create_sheet(caller, SheetSpec(name="many", source_table=name, item_id_column="id"))
    at = press(open_page(view="sheets", sheet=sheet.id), "Next")
    assert list(at.dataframe[0].value["id"]) == list(range(120, 140))
    press(at, "Previous")
    assert list(at.dataframe[0].value["id"]) == list(range(100, 120))


def test_a_sheet_is_made_of_a_table(
    open_page: Callable[..., AppTest], caller: Caller, messages: str
) -> None:
    at = open_page(view="sheets", new="1", table=messages)
    at.text_input(key=f"new-name-{messages}").set_value("my sheet")
    at.session_state[f"new-columns-{messages}"] = {
        "edited_rows": {1: {"Holds": "label"}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    press(at, "Make the sheet")
    (sheet,) = list_sheets(caller).items
    assert (sheet.name, sheet.item_id_column) == ("my sheet", "id")
    assert [c.modality for c in sheet.columns] == ["metadata", "label", "image"]


def test_a_missing_table_is_told(open_page: Callable[..., AppTest]) -> None:
    at = open_page(view="sheets", new="1", table="no.such.table")
    assert escaped("there is no table no.such.table") in at.error[0].value


def test_a_file_is_uploaded_and_shown(open_page: Callable[..., AppTest], caller: Caller) -> None:
    at = open_page(view="upload")
    at.file_uploader[0].upload("My messages.csv", CSV, "text/csv")
    press(settled(at), "Load as a table")
    (source,) = list_sources(caller).items
    assert source.table.endswith(".my_messages") and source.rows == 2
    at = open_page(view="upload", source=source.id, table=source.table)
    assert "STRING" in words(at)
    assert list(at.dataframe[0].value["text"]) == ["hello", "bye"]
    press(at, "Delete the table")
    assert list_sources(caller).items == []


def test_bad_rows_are_shown_with_their_lines(
    open_page: Callable[..., AppTest], caller: Caller
) -> None:
    at = open_page(view="upload")
    at.file_uploader[0].upload("bad.csv", b"a,b\n1,2\n3\n", "text/csv")
    press(settled(at), "Load as a table")
    assert "Nothing was loaded" in at.error[0].value
    assert list(at.dataframe[0].value["line"]) == [3]
    assert list_sources(caller).items == []


def test_the_catalog_shows_a_table(open_page: Callable[..., AppTest], messages: str) -> None:
    at = open_page(view="catalog", table=messages)
    assert list(at.dataframe[0].value["text"]) == ["hello"]
    assert list(at.dataframe[1].value["Column"]) == ["id", "text", "picture"]


def test_a_table_is_chosen_in_the_catalog(open_page: Callable[..., AppTest], messages: str) -> None:
    at = open_page(view="catalog")
    at.selectbox[1].select(messages)
    assert list(settled(at).dataframe[0].value["text"]) == ["hello"]


@pytest.mark.parametrize(
    ("names", "at"),
    [(["id", "text"], 1), (["message_id", "text"], 1), (["text", "message_id"], 0),
     (["message_id", "uuid"], 2), (["text"], 0), ([], 0)],
)  # fmt: skip
def test_a_column_called_as_ids_are_is_proposed_as_the_name_of_rows(
    names: list[str], at: int
) -> None:
    assert _likely_id(names) == at


def test_a_link_into_a_schema_that_is_gone_leaves_the_choice_of_another(
    open_page: Callable[..., AppTest],
) -> None:
    at = open_page(view="catalog", table="nowhere.gone.table")
    assert at.error and at.selectbox(key="catalog-schema").options
    at.selectbox(key="catalog-schema").select_index(1).run()
    assert not at.error and not at.exception
