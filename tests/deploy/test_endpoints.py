import pytest

from ontos.deploy.endpoints import (
    EndpointChange,
    EndpointSpec,
    Rollback,
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    list_endpoint_versions,
    list_endpoints,
    rollback_endpoint,
    update_endpoint,
)
from ontos.deploy.queries import Query, query_endpoint
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, Refused
from tests.deploy.made import ready, settled


def spec(name, version="1", model="kinds"):
    return EndpointSpec(name=name, model_name=model, model_version=version)


def test_an_endpoint_becomes_ready(trained):
    made = create_endpoint(trained.caller, spec("fresh"))
    assert (made.status, made.model_version, made.pending_version) == ("creating", None, "1")
    seen = settled(trained.caller, "fresh")
    assert (seen.status, seen.model_version, seen.pending_version) == ("ready", "1", None)
    assert seen.inputs == ["message"] and seen.training_sheet_id == trained.sheet.id
    assert seen.name in [e.name for e in list_endpoints(trained.caller, status="ready").items]
    delete_endpoint(trained.caller, "fresh")


def test_an_update_swaps_and_a_rollback_swaps_back(trained):
    with ready(trained, "swap", "1"):
        updating = update_endpoint(trained.caller, "swap", EndpointChange(model_version=2))
        assert (updating.status, updating.model_version) == ("updating", "1")
        seen = settled(trained.caller, "swap")
        assert (seen.model_version, seen.previous_version) == ("2", "1")
        back = rollback_endpoint(trained.caller, "swap")
        assert (back.status, back.model_version, back.previous_version) == ("ready", "1", "2")
        history = list_endpoint_versions(trained.caller, "swap").items
        assert [(h.model_version, h.how) for h in history] == [
            ("1", "rollback"), ("2", "update"), ("1", "create")]  # fmt: skip


def test_a_rollback_of_what_changed_since_it_was_seen_is_refused(hello):
    update_endpoint(hello, "hello", EndpointChange(model_version="2"))
    seen = settled(hello, "hello").version
    back = rollback_endpoint(hello, "hello", Rollback(version=seen))
    assert back.model_version == "1"
    with pytest.raises(Conflict, match="Load it again") as refused:
        rollback_endpoint(hello, "hello", Rollback(version=seen))
    assert refused.value.field == "version"
    assert get_endpoint(hello, "hello") == back


def test_a_deletion_of_what_changed_since_it_was_seen_is_refused(hello):
    seen = get_endpoint(hello, "hello").version
    update_endpoint(hello, "hello", EndpointChange(model_version="2"))
    after = settled(hello, "hello")
    with pytest.raises(Conflict, match="Load it again"):
        delete_endpoint(hello, "hello", version=seen)
    assert get_endpoint(hello, "hello") == after
    assert delete_endpoint(hello, "hello", version=after.version).status == "deleted"


def test_the_former_version_answers_while_another_is_loaded(trained):
    question = Query(inputs=[{"message": "please bring me one hammer"}])
    with ready(trained, "busy", "1"):
        update_endpoint(trained.caller, "busy", EndpointChange(model_version="2"))
        assert query_endpoint(trained.caller, "busy", question).predictions == ["tool"]
        settled(trained.caller, "busy")


def test_the_same_version_again_changes_nothing(trained):
    with ready(trained, "same", "1") as endpoint:
        again = update_endpoint(trained.caller, "same", EndpointChange(model_version="1"))
        assert again == endpoint


def test_without_a_former_version_there_is_no_way_back(trained):
    with ready(trained, "first"), pytest.raises(Refused, match="no other version"):
        rollback_endpoint(trained.caller, "first")


def test_a_name_is_taken_once_and_free_after_deletion(trained):
    with ready(trained, "taken"), pytest.raises(Conflict) as taken:
        create_endpoint(trained.caller, spec("taken"))
    assert taken.value.field == "name"
    with pytest.raises(NotFound):
        get_endpoint(trained.caller, "taken")
    with ready(trained, "taken", "2") as endpoint:
        assert (endpoint.model_version, endpoint.previous_version) == ("2", None)


def test_a_missing_version_is_refused_and_nothing_is_made(trained):
    with pytest.raises(NotFound, match="Versions: 2, 1"):
        create_endpoint(trained.caller, spec("never", "77"))
    with pytest.raises(NotFound, match="no model"):
        create_endpoint(trained.caller, spec("never", "1", "nothing"))
    with pytest.raises(NotFound):
        get_endpoint(trained.caller, "never")
    with ready(trained, "kept"), pytest.raises(NotFound, match="Versions: 2, 1"):
        update_endpoint(trained.caller, "kept", EndpointChange(model_version="77"))


@pytest.mark.parametrize("name", ["", "a b", "x" * 64, "a;b", "a\nb", "🍏", "-a", "'"])
def test_a_name_that_cannot_be_served_is_refused(trained, name):
    given = {"name": name, "model_name": "kinds", "model_version": "1"}
    with pytest.raises(Invalid) as wrong:
        create_endpoint(trained.caller, given)
    assert "name" in str(wrong.value.field)


def test_who_may_only_read_cannot_deploy(trained):
    from ontos.govern.members import MemberSpec, grant_role
    from ontos.workspace import Person

    grant_role(trained.caller, MemberSpec(principal="reader@example.org", role="data_consumer"))
    reader = trained.bench.directory.of_person(Person("reader@example.org"))
    with pytest.raises(Denied):
        create_endpoint(reader, spec("denied"))


def test_lineage_leads_from_the_version_to_the_endpoint(trained):
    with ready(trained, "traced", "2"):
        edges = trained.caller.warehouse.rows(
            "SELECT source_type, source_id FROM lineage_edges WHERE target_type = 'endpoint'"
            " AND target_id = 'traced'"
        )
    assert edges == [{"source_type": "model", "source_id": "kinds/2"}]
