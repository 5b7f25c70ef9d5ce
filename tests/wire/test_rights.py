"""A person without SELECT on a table sees neither its preview nor its pairs."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.catalog import preview_table
from ontos.data.sheets import preview_sheet
from ontos.generate.previews import PreviewSpec, preview_template
from ontos.generate.templates import TemplateSpec, create_template
from ontos.govern.members import MemberSpec, grant_role
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied
from ontos.kernel.settings import Settings
from ontos.label.exports import export_pairs
from ontos.label.labels import label_distribution
from ontos.label.pairs import get_pair, list_pairs
from ontos.label.queue import review_queue
from ontos.workspace import Person
from tests.label.assembled import Assembled, Maker
from tests.wire.engine import Refused
from tests.wire.grants import Grants
from tests.wire.server import Warehouse

TABLE = "workbench.elsewhere.messages"
ROWS = [{"ref": f"i{n}", "text": f"text {n}", "label": "greet"} for n in range(3)]


@pytest.fixture
def bench(settings: Settings, tmp_path) -> Iterator[Workbench]:
    opened = open_workbench(settings.model_copy(update={"home": tmp_path, "log_level": "ERROR"}))
    yield opened
    opened.close()


@pytest.fixture
def made(bench: Workbench) -> Assembled:
    """Pairs of a table that is not the workbench's own."""
    app = bench.local_caller()
    bench.engine.create_schema("elsewhere")

    def table(_name: str, rows: list[dict[str, str]]) -> str:
        engine = bench.engine.within("elsewhere")
        engine.execute("CREATE TABLE messages (ref STRING, text STRING, label STRING)")
        for row in rows:
            engine.execute("INSERT INTO messages VALUES (:ref, :text, :label)", **row)
        return TABLE

    return Maker(app, table)(ROWS)


@pytest.fixture
def bobs() -> str:
    """The token that the workspace forwards; another one at each sign-in."""
    return uuid.uuid4().hex


@pytest.fixture
def bob(bench: Workbench, served: Warehouse, bobs: str) -> Caller:
    """A steward, whose token the workspace forwards."""
    served.tokens.add(bobs)
    grant_role(bench.local_caller(), MemberSpec(principal="bob@example.org", role="data_steward"))
    return bench.directory.of_person(Person("bob@example.org", token=bobs))


def looks(made: Assembled) -> dict[str, Callable[[Caller], object]]:
    """Every way to what the table holds."""
    pair = made.pair("i0").id
    template = create_template(made.caller, TemplateSpec(
        name="t", label_type="intent", user_prompt="Message: {{ text }}",
    ))  # fmt: skip
    of_item = PreviewSpec(sheet_id=made.sheet_id, column_mapping={"text": "text"})
    return {
        "table": lambda who: preview_table(who, TABLE),
        "sheet": lambda who: preview_sheet(who, made.sheet_id),
        "template": lambda who: preview_template(who, template.id, of_item),
        "pairs": lambda who: list_pairs(who, made.id),
        "queue": lambda who: review_queue(who, made.id),
        "pair": lambda who: get_pair(who, pair),
        "labels": lambda who: label_distribution(who, made.id),
    }


def test_whoever_may_read_the_table_sees_all_of_it(made: Assembled, bob: Caller) -> None:
    for look in looks(made).values():
        assert look(bob)


def test_whoever_may_not_sees_nothing_of_it(
    made: Assembled, bob: Caller, bobs: str, served: Warehouse
) -> None:
    served.service.permits = Grants({(bobs, "elsewhere.messages")}).check
    for name, look in looks(made).items():
        with pytest.raises(Denied):
            pytest.fail(f"{name} shows {look(bob)}")
    with pytest.raises(Denied):
        export_pairs(bob, made.id)


def test_what_is_hidden_whole_is_not_taken_for_gone(
    made: Assembled, bob: Caller, served: Warehouse, bobs: str
) -> None:
    """Without rights on its schema a table is not found: its pairs are not shown for that."""

    def hidden(token: str, sql: str, _schema: str) -> None:
        if token == bobs and "messages" in sql:
            raise Refused("[TABLE_OR_VIEW_NOT_FOUND] The table `elsewhere`.`messages` is missing.")

    served.service.permits = hidden
    pair = made.pair("i0").id
    for look in (lambda: review_queue(bob, made.id), lambda: get_pair(bob, pair),
                 lambda: list_pairs(bob, made.id)):  # fmt: skip
        with pytest.raises(Denied, match="SELECT"):
            look()


def test_the_app_and_its_uploads_are_not_asked_for_anybodys_rights(
    made: Assembled, bob: Caller, bobs: str, served: Warehouse
) -> None:
    served.service.permits = Grants({(bobs, "elsewhere.messages")}).check
    assert len(list_pairs(made.caller, made.id).items) == 3
    uploads = bob.workspace.catalog.upload_schema()
    bob.warehouse.execute(f"CREATE TABLE {uploads}.mine (id STRING)")
    assert preview_table(bob, f"{uploads}.mine").rows == []
