from collections import Counter

import pytest

from ontos.deploy.endpoints import (
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    list_endpoint_versions,
    rollback_endpoint,
    update_endpoint,
)
from ontos.deploy.models import list_model_versions
from ontos.deploy.queries import Query, query_endpoint
from ontos.deploy.traffic import get_traffic, set_traffic
from ontos.improve.feedback import FeedbackSpec, create_feedback
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow, OntosError, Refused
from tests.deploy.made import settled

ASK = Query(inputs=[{"message": "Ann", "tone": "!"}])
SAYS = {"1": ["hello, Ann!"], "2": ["good day, Ann!"]}


def shared(caller, **traffic):
    """The endpoint once its requests are shared: `shared(caller, v1=90, v2=10)`."""
    set_traffic(caller, "hello", {"traffic": {v.removeprefix("v"): n for v, n in traffic.items()}})
    return settled(caller, "hello")


def asked(caller, times):
    """How often each version answered; each answer is that of the version it names."""
    answers = [query_endpoint(caller, "hello", ASK) for _ in range(times)]
    assert all(answer.predictions == SAYS[str(answer.model_version)] for answer in answers)
    return Counter(answer.model_version for answer in answers)


def test_a_new_version_begins_with_a_share_and_is_promoted(hello):
    begun = update_endpoint(hello, "hello", {"model_version": 2, "share": 10})
    assert (begun.status, begun.pending_version) == ("updating", "2")
    canary = settled(hello, "hello")
    assert (canary.model_version, canary.traffic) == ("1", {"2": 10, "1": 90})
    update_endpoint(hello, "hello", {"model_version": 2})
    after = settled(hello, "hello")
    assert (after.model_version, after.traffic) == ("2", {"2": 100, "1": 0})
    assert after.previous_version == "1"
    history = [(each.how, each.traffic) for each in list_endpoint_versions(hello, "hello").items]
    assert history == [
        ("update", {"2": 100, "1": 0}), ("update", {"2": 10, "1": 90}), ("create", {"1": 100}),
    ]  # fmt: skip


def test_metrics_tell_the_version_that_really_answered(hello):
    shared(hello, v1=50, v2=50)
    seen = asked(hello, 60)
    rows = hello.warehouse.rows("SELECT model_version, count(*) AS n FROM endpoint_metrics"
                                " GROUP BY model_version")  # fmt: skip
    assert {row["model_version"]: row["n"] for row in rows} == seen
    told = get_traffic(hello, "hello")
    assert told.traffic == {"1": 50, "2": 50}
    assert {each.model_version: each.requests for each in told.answered} == seen
    assert sum(each.percent for each in told.answered) == pytest.approx(100)


def test_nine_of_ten_are_answered_by_the_one(hello):
    shared(hello, v1=90, v2=10)
    assert 2 <= asked(hello, 150)["2"] <= 40


def test_a_rollback_gives_all_to_the_version_that_answered_alone(hello):
    update_endpoint(hello, "hello", {"model_version": 2, "share": 70})
    assert settled(hello, "hello").previous_version == "1"
    back = rollback_endpoint(hello, "hello")
    assert (back.status, back.traffic) == ("ready", {"1": 100, "2": 0})
    assert asked(hello, 20) == {"1": 20}
    assert list_endpoint_versions(hello, "hello").items[0].how == "rollback"
    with pytest.raises(Refused, match="no other version"):
        rollback_endpoint(hello, "hello")


def test_giving_some_back_and_rolling_that_back(hello):
    shared(hello, v2=100)
    shared(hello, v2=80, v1=20)
    assert rollback_endpoint(hello, "hello").traffic == {"2": 100, "1": 0}


def test_the_same_split_again_changes_nothing(hello):
    before = shared(hello, v1=90, v2=10)
    assert set_traffic(hello, "hello", {"traffic": {"2": 10, "1": 90}}) == before
    assert update_endpoint(hello, "hello", {"model_version": 2, "share": 10}) == before


@pytest.mark.parametrize(
    ("change", "kind", "field", "says"),
    [
        ({"traffic": {"1": 90, "2": 20}}, Invalid, "traffic", "sum to 110"),
        ({"traffic": {}}, Invalid, "traffic", "at most 2"),
        ({"traffic": {"1": 40, "2": 30, "3": 30}}, Invalid, "traffic", "names 3 versions"),
        ({"traffic": {"1": 90, "7": 10}}, NotFound, "traffic", "no version '7'. Versions: 2, 1"),
        ({"traffic": {"latest'; --": 100}}, NotFound, "traffic", "Versions: 2, 1"),
        ({"traffic": {"1": 89.5, "2": 10.5}}, Invalid, "traffic.1", "must be a valid integer"),
        ({"traffic": {"1": -10, "2": 110}}, Invalid, "traffic.1", "greater than or equal to 0"),
        ({"traffic": {"1": True, "2": 99}}, Invalid, "traffic.1", "must be a valid integer"),
        ({"traffic": {"1": "90", "2": "10"}}, Invalid, "traffic.1", "must be a valid integer"),
        ({"traffic": [90, 10]}, Invalid, "traffic", "must be"),
        ({}, Invalid, "traffic", "Add it"),
        ({"traffic": {"2": 100}, "version": 1}, Conflict, "version", "changed hello meanwhile"),
    ],
)
def test_what_is_no_split_is_refused_by_its_field(hello, change, kind, field, says):
    before = get_endpoint(hello, "hello")
    with pytest.raises(kind, match=says) as refused:
        set_traffic(hello, "hello", change)
    assert str(refused.value.field).endswith(field)
    assert get_endpoint(hello, "hello") == before


@pytest.mark.parametrize(
    ("change", "field"),
    [({"share": 0}, "share"), ({"share": 101}, "share"), ({"model_version": "1", "share": 10},
     "share"), ({"version": 1}, "version")],
)  # fmt: skip
def test_a_share_that_cannot_be_given_is_refused(hello, change, field):
    with pytest.raises(OntosError) as refused:
        update_endpoint(hello, "hello", {"model_version": "2"} | change)
    assert str(refused.value.field).endswith(field)
    assert get_endpoint(hello, "hello").traffic == {"1": 100}


def test_versions_that_want_other_variables_share_nothing(hello):
    create_endpoint(hello, {"name": "choosy", "model_name": "picky", "model_version": "1"})
    settled(hello, "choosy")
    with pytest.raises(Refused, match=r"1 wants message, tone; 2 wants message") as refused:
        set_traffic(hello, "choosy", {"traffic": {"1": 90, "2": 10}})
    assert refused.value.field == "traffic"
    update_endpoint(hello, "choosy", {"model_version": "2"})
    assert settled(hello, "choosy").traffic == {"2": 100, "1": 0}


def test_while_an_update_runs_traffic_is_not_moved(open_toys):
    """This workbench is not started: its job waits."""
    caller = open_toys().local_caller()
    create_endpoint(caller, {"name": "hello", "model_name": "greeter", "model_version": "1"})
    with pytest.raises(NotNow, match="creating"):
        set_traffic(caller, "hello", {"traffic": {"1": 100}})


def test_what_cannot_be_loaded_leaves_the_former_split(hello):
    spec = {"name": "moody", "model_name": "broken", "model_version": "1"}
    create_endpoint(hello, spec)
    settled(hello, "moody")
    set_traffic(hello, "moody", {"traffic": {"1": 90, "2": 10}})
    after = settled(hello, "moody")
    assert (after.status, after.traffic) == ("failed", {"1": 100})
    assert "weights are missing" in str(after.error_message)


def test_a_model_says_of_each_version_where_it_answers(hello):
    shared(hello, v1=90, v2=10)
    assert [v.endpoints for v in list_model_versions(hello, "greeter").items] == [["hello"]] * 2
    shared(hello, v1=100)
    newer, older = list_model_versions(hello, "greeter").items
    assert (newer.endpoints, older.endpoints) == ([], ["hello"])


def test_feedback_is_on_the_version_that_answered(hello):
    shared(hello, v1=50, v2=50)
    answer = next(
        each for each in (query_endpoint(hello, "hello", ASK) for _ in range(60))
        if each.model_version == "2"
    )  # fmt: skip
    given = create_feedback(hello, FeedbackSpec(
        endpoint_name="hello", input={"message": "Ann"}, output="good day", rating="up",
        request_id=answer.request_id,
    ))  # fmt: skip
    assert given.model_version == "2"


def test_lineage_leads_from_both_versions(hello):
    shared(hello, v1=90, v2=10)
    edges = hello.warehouse.rows(
        "SELECT DISTINCT source_id FROM lineage_edges WHERE target_type = 'endpoint'"
        " AND target_id = 'hello' ORDER BY source_id"
    )
    assert [edge["source_id"] for edge in edges] == ["greeter/1", "greeter/2"]


def test_a_row_from_before_traffic_was_kept_has_one_version(hello):
    hello.warehouse.execute("UPDATE endpoints SET traffic = NULL")
    hello.warehouse.execute("UPDATE endpoint_versions SET traffic = NULL")
    assert get_endpoint(hello, "hello").traffic == {"1": 100}
    assert list_endpoint_versions(hello, "hello").items[0].traffic == {"1": 100}


def test_what_was_deleted_in_the_workspace_is_made_again_with_its_split(hello):
    shared(hello, v1=90, v2=10)
    hello.workspace.serving.delete("hello")
    assert shared(hello, v1=50, v2=50).traffic == {"1": 50, "2": 50}
    assert hello.workspace.serving.state("hello").traffic == {"1": 50, "2": 50}


def test_a_new_endpoint_of_the_name_begins_anew(hello):
    shared(hello, v1=90, v2=10)
    delete_endpoint(hello, "hello")
    create_endpoint(hello, {"name": "hello", "model_name": "greeter", "model_version": "2"})
    assert settled(hello, "hello").traffic == {"2": 100}


def test_who_may_only_read_sees_the_split_and_cannot_move_it(trained):
    from ontos.govern.members import MemberSpec, grant_role
    from ontos.workspace import Person
    from tests.deploy.made import ready

    grant_role(trained.caller, MemberSpec(principal="looks@example.org", role="data_consumer"))
    reader = trained.bench.directory.of_person(Person("looks@example.org"))
    with ready(trained, "watched"):
        assert get_traffic(reader, "watched").traffic == {"1": 100}
        with pytest.raises(Denied):
            set_traffic(reader, "watched", {"traffic": {"2": 100}})
