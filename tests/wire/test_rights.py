"""A person without SELECT on a table sees neither its preview nor its pairs."""

import json
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.catalog import preview_table
from ontos.data.sheets import SheetSpec, create_sheet, get_sheet, preview_sheet, publish_sheet
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.coverage import get_coverage
from ontos.generate.generation import generate_responses
from ontos.generate.previews import PreviewSpec, PromptSpec, check_template, preview_template
from ontos.generate.templates import TemplateSpec, create_template, publish_template
from ontos.generate.training_sheets import list_training_sheets
from ontos.govern.members import MemberSpec, grant_role
from ontos.improve.evidence import get_evidence
from ontos.improve.feedback import (
    FeedbackSpec,
    ToTraining,
    create_feedback,
    get_feedback,
    use_feedback,
)
from ontos.improve.finders import LOW_COVERAGE, NEGATIVE_FEEDBACK, Finder
from ontos.kernel import kept
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied
from ontos.kernel.fields import new_id, now
from ontos.kernel.operation import OPERATIONS
from ontos.kernel.settings import Settings
from ontos.label.exports import export_pairs
from ontos.label.labels import label_distribution, label_history, list_labels
from ontos.label.pairs import PairFilter, count_pairs, get_pair, list_pairs
from ontos.label.queue import review_queue
from ontos.label.reviews import Review, ReviewBatch, review_batch, review_pairs
from ontos.label.usage import Usage, UsageOfMany, list_usage, set_usage, set_usage_of_pairs
from ontos.train.snapshots import get_training_gate
from ontos.train.training_jobs import TrainingJobSpec, create_training_job, list_training_jobs
from ontos.warehouse import tally
from ontos.workspace import Person
from tests.label.assembled import Assembled, Maker
from tests.label.elsewhere import ROWS, TABLE, pairs_elsewhere
from tests.wire.engine import Refused
from tests.wire.grants import Grants
from tests.wire.server import Warehouse


@pytest.fixture
def bench(settings: Settings, tmp_path) -> Iterator[Workbench]:
    opened = open_workbench(settings.model_copy(update={"home": tmp_path, "log_level": "ERROR"}))
    yield opened
    opened.close()


@pytest.fixture
def made(bench: Workbench) -> Assembled:
    return pairs_elsewhere(bench)


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


@pytest.fixture
def withheld(bobs: str, served: Warehouse) -> None:
    """Bob may no longer read the table."""
    served.service.permits = Grants({(bobs, "elsewhere.messages")}).check


def template_of(made: Assembled) -> str:
    prompt = "Message: {{ text }}"
    spec = TemplateSpec(name="t", label_type="intent", user_prompt=prompt)
    return publish_template(made.caller, create_template(made.caller, spec).id).id


def looks(made: Assembled) -> dict[str, Callable[[Caller], object]]:
    """Every way to what the table holds, and to what was made of it."""
    review_pairs(made.caller, made.id, Review(action="approve", where=PairFilter()))
    pair, label = made.pair("i0").id, list_labels(made.caller).items[0].id
    template, of_item = template_of(made), PreviewSpec(sheet_id=made.sheet_id)
    usage = Usage(reason="consent")
    reopening = ReviewBatch.model_validate(
        {"changes": [{"pair_id": made.pair("i1").id, "version": 2, "action": "reopen"}]}
    )
    return {
        "preview_table": lambda who: preview_table(who, TABLE),
        "preview_sheet": lambda who: preview_sheet(who, made.sheet_id),
        "preview_template": lambda who: preview_template(who, template, of_item),
        "list_pairs": lambda who: list_pairs(who, made.id),
        "count_pairs": lambda who: count_pairs(who, made.id, search="text"),
        "review_queue": lambda who: review_queue(who, made.id),
        "get_pair": lambda who: get_pair(who, pair),
        "label_distribution": lambda who: label_distribution(who, made.id),
        "list_labels": lambda who: list_labels(who, made.sheet_id),
        "label_history": lambda who: label_history(who, label),
        "list_usage": lambda who: list_usage(who, made.id),
        "set_usage": lambda who: set_usage(who, pair, usage),
        "set_usage_of_pairs": lambda who: set_usage_of_pairs(
            who, made.id, UsageOfMany(reason="consent", where=PairFilter(search="text"))
        ),
        "get_training_gate": lambda who: get_training_gate(who, made.id),
        "export_pairs": lambda who: export_pairs(who, made.id),
        "check_template": lambda who: check_template(
            who, PromptSpec(user_prompt="{{ text }}", item=of_item)
        ),
        "review_pairs": lambda who: review_pairs(
            who, made.id, Review(action="flag", pair_ids=[pair], reason="unsure")
        ),
        "review_batch": lambda who: review_batch(who, made.id, reopening),
    }


ELSEWHERE = {
    "list_schemas", "list_tables", "get_table", "create_sheet",  # Unity Catalog's own: by REST
    "publish_sheet", "assemble_sheet", "get_coverage", "create_training_job", "get_evidence",
    "get_worst_evidence", "analyze_gaps", "generate_responses", "use_feedback", "retrain_gap",
    "load_sample",  # by what they call
}  # fmt: skip
"""Operations with the person's rights that tests of their own show."""


def test_every_operation_with_the_persons_rights_is_shown(made: Assembled) -> None:
    declared = {op.name for op in OPERATIONS.values() if op.rights == "person"}
    assert declared == {*looks(made)} | ELSEWHERE


def test_whoever_may_read_the_table_sees_all_of_it(made: Assembled, bob: Caller) -> None:
    for look in looks(made).values():
        assert look(bob)


def test_whoever_may_not_sees_nothing_of_it(made: Assembled, bob: Caller, withheld: None) -> None:
    for name, look in looks(made).items():
        with pytest.raises(Denied, match="GRANT SELECT ON TABLE"):
            pytest.fail(f"{name} shows {look(bob)}")


def test_publishing_asks_for_select(made: Assembled, bob: Caller, withheld: None) -> None:
    spec = SheetSpec(name="mine", source_table=TABLE, item_id_column="ref")
    draft = create_sheet(made.caller, spec)
    with pytest.raises(Denied, match="SELECT"):
        publish_sheet(bob, draft.id)
    assert get_sheet(bob, draft.id).status == "draft"


def test_assembling_asks_for_select(made: Assembled, bob: Caller, withheld: None) -> None:
    spec = AssembleSpec(name="x", template_id=template_of(made), column_mapping={"text": "text"})
    before = len(list_training_sheets(bob).items)
    with pytest.raises(Denied, match="SELECT"):
        assemble_sheet(bob, made.sheet_id, spec)
    assert len(list_training_sheets(bob).items) == before


def test_coverage_asks_for_select(made: Assembled, bob: Caller, withheld: None) -> None:
    with pytest.raises(Denied, match="SELECT"):
        get_coverage(bob, made.sheet_id, template_of(made))


def test_training_asks_for_select(made: Assembled, bob: Caller, withheld: None) -> None:
    """The run reads as the app: whoever begins it must be able to read as themselves."""
    looks(made)
    with pytest.raises(Denied, match="SELECT"):
        create_training_job(bob, TrainingJobSpec(training_sheet_id=made.id, model_name="m"))
    assert list_training_jobs(bob).items == []


def test_generating_asks_for_select(made: Assembled, bob: Caller, withheld: None) -> None:
    """A model would be told what the person may not read."""
    with pytest.raises(Denied, match="SELECT"):
        generate_responses(bob, made.id)


def test_a_gaps_evidence_asks_for_select(made: Assembled, bob: Caller, withheld: None) -> None:
    """What users said of answers is theirs; prompts are the table's."""
    looks(made)
    few, disliked = gap_of(made, LOW_COVERAGE), gap_of(made, NEGATIVE_FEEDBACK)
    with pytest.raises(Denied, match="SELECT"):
        get_evidence(bob, few)
    assert len(get_evidence(made.caller, few).rows) == 3
    assert get_evidence(bob, disliked).rows == []


def gap_of(made: Assembled, finder: Finder) -> str:
    """A gap of a model that learnt from the training sheet."""
    key = new_id()
    at, values = now(), {"training_sheet_id": made.id, "label": "greet", "endpoint": "e",
                         "model_version": "1"}  # fmt: skip
    made.caller.warehouse.execute(
        "INSERT INTO gaps (id, endpoint_name, model_name, model_version, kind, label, severity,"
        " affected, total, evidence_summary, evidence_query, evidence_values, status, version,"
        " created_by, created_at, updated_at) VALUES (:id, 'e', 'm', '1', :kind, 'greet', 1.0, 1,"
        " 1, 'x', :query, :bound, 'open', 1, 'ann', :at, :at)",
        id=key, kind=finder.kind, query=finder.rows, bound=json.dumps(values), at=at,
    )  # fmt: skip
    made.caller.warehouse.execute(
        "INSERT INTO training_jobs (id, training_sheet_id, training_sheet_name, model_name,"
        " trainer, train_val_split, training_config, status, progress_percent, total_pairs,"
        " train_pairs, val_pairs, version, uc_model_name, uc_model_version, created_by, created_at)"
        " VALUES (:id, :sheet, 'x', 'm', 'auto', 0.8, '{}', 'succeeded', 100.0, 3, 2, 1, 1, 'm',"
        " '1', 'ann', :at)",
        id=new_id(), sheet=made.id, at=at,
    )  # fmt: skip
    return key


def test_labels_of_all_sheets_are_those_of_readable_tables(
    made: Assembled, bob: Caller, bobs: str, served: Warehouse, bench: Workbench
) -> None:
    uploads = bob.workspace.catalog.upload_schema()

    def table(name: str, rows: list[dict[str, str]]) -> str:
        made.caller.warehouse.execute(
            f"CREATE TABLE {uploads}.mine (ref STRING, text STRING, label STRING)"
        )
        for row in rows:
            made.caller.warehouse.execute(
                f"INSERT INTO {uploads}.mine VALUES (:ref, :text, :label)", **row
            )
        return f"{uploads}.mine"

    mine = Maker(made.caller, table)(ROWS)
    for each in (made, mine):
        review_pairs(each.caller, each.id, Review(action="approve", where=PairFilter()))
    assert {label.sheet_id for label in list_labels(bob).items} == {made.sheet_id, mine.sheet_id}
    new = uuid.uuid4().hex
    served.tokens.add(new)
    served.service.permits = Grants({(new, "elsewhere.messages")}).check
    later = bench.directory.of_person(Person("bob@example.org", token=new))
    first = list_labels(later, limit=2)
    rest = list_labels(later, limit=2, cursor=first.next_cursor)
    found = [label.sheet_id for label in [*first.items, *rest.items]]
    assert (found, rest.next_cursor) == ([mine.sheet_id] * 3, None)
    with tally() as cost:
        assert list_labels(later, limit=2) == first
    assert cost.waits == 1


def test_a_right_that_was_taken_away_is_known_after_minutes(
    made: Assembled, bob: Caller, bobs: str, served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is used once more while it is asked for anew, as other rights are."""
    list_pairs(bob, made.id)
    served.service.permits = Grants({(bobs, "elsewhere.messages")}).check
    assert list_pairs(bob, made.id).items
    monkeypatch.setattr(kept, "FRESH_SECONDS", 0.0)
    deadline = time.monotonic() + 20
    with pytest.raises(Denied, match="SELECT"):
        while time.monotonic() < deadline:
            list_pairs(bob, made.id)
    served.service.permits = Grants().check
    assert list_pairs(bob, made.id).items, "a no is asked for anew"


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
    made: Assembled, bob: Caller, withheld: None
) -> None:
    assert len(list_pairs(made.caller, made.id).items) == 3
    uploads = bob.workspace.catalog.upload_schema()
    bob.warehouse.execute(f"CREATE TABLE {uploads}.mine (id STRING)")
    assert preview_table(bob, f"{uploads}.mine").rows == []


@pytest.fixture
def rated(made: Assembled) -> str:
    """An answer of an endpoint, called good."""
    made.caller.warehouse.execute(
        "INSERT INTO endpoints (name, model_name, model_version, status, version, created_by,"
        " created_at, updated_by, updated_at)"
        " VALUES ('e', 'm', '1', 'ready', 1, 'ann', :at, 'ann', :at)",
        at=now(),
    )
    spec = FeedbackSpec(endpoint_name="e", input={"text": "x"}, output="greet", rating="up")
    return create_feedback(made.caller, spec).id


def test_feedback_becomes_a_pair_where_the_table_may_be_read(
    made: Assembled, bob: Caller, rated: str
) -> None:
    pair = use_feedback(bob, rated, ToTraining(training_sheet_id=made.id))
    assert (pair.prompt, pair.response, pair.source) == ("Message: x", "greet", None)
    assert "it came of feedback" in (pair.source_problem or "")


def test_feedback_stays_what_it_is_where_the_table_may_not_be_read(
    made: Assembled, bob: Caller, rated: str, withheld: None
) -> None:
    before = count_pairs(made.caller, made.id)
    with pytest.raises(Denied):
        use_feedback(bob, rated, ToTraining(training_sheet_id=made.id))
    assert get_feedback(made.caller, rated).pair_id is None
    assert count_pairs(made.caller, made.id) == before


def test_a_save_waits_once_where_the_right_is_known(made: Assembled, bob: Caller) -> None:
    pairs = list_pairs(bob, made.id).items
    batch = ReviewBatch.model_validate(
        {"changes": [{"pair_id": pairs[0].id, "version": 1, "action": "approve"}]}
    )
    every = UsageOfMany(reason="consent", where=PairFilter())
    saves: dict[str, Callable[[], object]] = {
        "batch": lambda: review_batch(bob, made.id, batch),
        "filter": lambda: review_pairs(
            bob, made.id, Review(action="approve", where=PairFilter(review_status="pending"))
        ),
        "usage": lambda: set_usage_of_pairs(bob, made.id, every),
    }
    for name, save in saves.items():
        with tally() as cost:
            save()
        assert (name, cost.waits) == (name, 1)
