"""Endpoints of the workspace: slow to come, moved by traffic, and honest about failing."""

import pytest

from ontos.kernel.errors import Conflict, Invalid, NotFound, NotNow, Refused, Unavailable
from ontos.workspace import Guardrails
from tests.wire.workspace.half import half, opened, register, until

ANN = [{"name": "Ann"}]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("workspace")) as workspace:
        register(workspace, "greeter", "hello", "good day", "broken")
        workspace.serving.seconds = 0.02
        yield workspace


@pytest.fixture
def serving(workspace):
    workspace.serving.gate.set()
    workspace.serving.endpoints.clear()
    return half(workspace.root / "home").serving


@pytest.fixture
def model(workspace):
    return "workbench.data_default.greeter"


def settled(serving, name="desk"):
    return until(lambda: serving.state(name), lambda state: not state.moving)


def test_an_endpoint_takes_its_time(workspace, serving, model):
    """Serving endpoints API, EndpointState: NOT_READY and IN_PROGRESS until its entities are ready.
    Not documented: the 404 for a query meanwhile."""
    workspace.serving.gate.clear()
    assert serving.create("desk", model, "1").status == "creating"
    state = serving.state("desk")
    assert (state.status, state.model_version, state.pending_version) == ("creating", None, "1")
    with pytest.raises(NotNow, match="desk is creating"):
        serving.query("desk", ANN)
    workspace.serving.gate.set()
    assert settled(serving).status == "ready"
    assert serving.query("desk", ANN).predictions == ["hello, Ann"]


def test_the_former_version_answers_until_the_next_is_loaded(workspace, serving, model):
    """Serving endpoints API: `config` is what is served now, `pending_config`
    what is being updated to."""
    serving.create("desk", model, "1")
    settled(serving)
    workspace.serving.gate.clear()
    state = serving.update("desk", model, {"2": 100})
    assert (state.status, state.model_version, state.pending_version) == ("updating", "1", "2")
    assert serving.state("desk") == state
    assert serving.query("desk", ANN).predictions == ["hello, Ann"]
    workspace.serving.gate.set()
    assert settled(serving).model_version == "2"
    assert serving.query("desk", ANN).predictions == ["good day, Ann"]


def test_a_second_update_is_refused(workspace, serving, model):
    """Serving endpoints API, update config: refused while an update is in progress, also where two
    apps ask at once. Not documented: that this is 409 RESOURCE_CONFLICT."""
    from ontos.workspace.databricks.client import Connection, told
    from ontos.workspace.databricks.serving import split

    serving.create("desk", model, "1")
    settled(serving)
    workspace.serving.gate.clear()
    serving.update("desk", model, {"2": 100})
    with pytest.raises(NotNow, match=r"updating \(version 2\)"):
        serving.update("desk", model, {"1": 100})
    entities, traffic = split(model, {"1": 100})
    with pytest.raises(NotNow, match="currently being updated"), told("It cannot be updated"):
        Connection().client.serving_endpoints.update_config(
            "default-desk", served_entities=entities, traffic_config=traffic
        )


def test_rolling_back_moves_the_traffic_and_loads_nothing(workspace, serving, model):
    """Serving endpoints API, traffic config: a route of 0 percent keeps its entity in the active
    config. Not documented: that an entity which stays is not loaded again."""
    serving.create("desk", model, "1")
    settled(serving)
    serving.update("desk", model, {"2": 100})
    settled(serving)
    kept = dict(workspace.serving.endpoints["default-desk"].active.loaded)
    serving.update("desk", model, {"1": 100})
    assert settled(serving).model_version == "1"
    assert workspace.serving.endpoints["default-desk"].active.loaded == kept
    assert serving.query("desk", ANN * 30).predictions == ["hello, Ann"] * 30


def test_a_version_that_is_not_registered_leaves_the_former_one(serving, model):
    """SDK, errors: NotFound for a version that does not exist; the workbench asks
    before it updates."""
    serving.create("desk", model, "1")
    settled(serving)
    with pytest.raises(NotFound, match=r"greeter has no version 7"):
        serving.update("desk", model, {"7": 100})
    assert serving.state("desk").status == "ready"


def test_a_deployment_that_fails_says_why(workspace, serving):
    """Serving endpoints API: UPDATE_FAILED, and DEPLOYMENT_FAILED with a
    `deployment_state_message`. Not documented: what that says, and the 404 for a query."""
    import shutil

    name = register(workspace, "hollow", "hello")
    shutil.rmtree(workspace.files.local(workspace.models.place(name, 1)))
    serving.create("empty", name, "1")
    state = settled(serving, "empty")
    assert state.status == "failed" and state.model_version is None
    assert "No such artifact" in state.message
    with pytest.raises(Unavailable, match=r"Endpoint empty does not answer.*Update it"):
        serving.query("empty", ANN)


def test_a_version_deleted_under_an_endpoint(workspace, serving):
    """Not documented: what an endpoint does when its version is deleted. Assumed: it answers on
    from memory; the next start from zero fails, and says for which version."""
    name = register(workspace, "brief", "hello", "good day")
    serving.create("desk", name, "1")
    settled(serving)
    workspace.models.delete_version(name, 1)
    assert serving.query("desk", ANN).predictions == ["hello, Ann"]
    workspace.serving.restart("default-desk")
    with pytest.raises(Unavailable) as refusal:
        serving.query("desk", ANN)
    assert "version '1' does not exist" in refusal.value.detail
    assert "Update it to a version that is registered" in refusal.value.detail
    serving.update("desk", name, {"2": 100})
    assert settled(serving).status == "ready"
    assert serving.query("desk", ANN).predictions == ["good day, Ann"]


def test_missing_inputs_are_refused_by_the_models_signature(serving, model):
    """MLflow, signature enforcement: input that lacks a column is refused; the
    endpoint answers 400."""
    serving.create("desk", model, "1")
    settled(serving)
    with pytest.raises(Invalid, match=r"missing inputs \['name'\]"):
        serving.query("desk", [{"wrong": "x"}])
    with pytest.raises(Invalid):
        serving.query("desk", [])


def test_a_model_that_fails_is_told_in_its_own_words(serving, model):
    """MLflow, scoring server: BAD_REQUEST where a model fails. Not documented:
    that its words are in it."""
    serving.create("desk", model, "3")
    settled(serving)
    with pytest.raises(Invalid, match="its weights are missing"):
        serving.query("desk", ANN)


def test_names_are_the_orgs_own(workspace, serving, model):
    """Serving endpoints API, create: a name is unique across the workspace, so the org's goes
    before it. Not documented there: 63 characters at most, and 409 for a name that is taken."""
    serving.create("desk", model, "1")
    assert list(workspace.serving.endpoints) == ["default-desk"]
    with pytest.raises(Conflict, match=r"desk cannot be created.*already exists"):
        serving.create("desk", model, "1")
    with pytest.raises(Invalid, match=r"shorten d+ by 3"):
        serving.create("d" * 58, model, "1")


def test_what_is_not_there(serving, model):
    """SDK, errors: NotFound for an endpoint that does not exist, whatever is asked of it."""
    assert serving.state("desk") is None
    calls = (
        lambda: serving.query("desk", ANN),
        lambda: serving.update("desk", model, {"1": 100}),
        lambda: serving.delete("desk"),
    )
    for call in calls:
        with pytest.raises(NotFound, match="desk"):
            call()


def test_a_deleted_endpoint_is_gone(serving, model):
    """Serving endpoints API, delete; after it NotFound for the name."""
    serving.create("desk", model, "1")
    settled(serving)
    serving.delete("desk")
    assert serving.state("desk") is None


def shared(serving, model, traffic):
    """An endpoint `desk` whose requests are shared among versions."""
    serving.create("desk", model, "1")
    settled(serving)
    serving.update("desk", model, traffic)
    return settled(serving)


def test_a_split_is_told_as_the_workspace_holds_it(workspace, serving, model):
    """Serving endpoints API: a route's percentage of the traffic, and which served entity answered
    (`served-model-name`, useful with a traffic split)."""
    state = shared(serving, model, {"2": 10, "1": 90})
    assert (state.model_version, state.traffic) == ("1", {"2": 10, "1": 90})
    words = {"1": "hello, Ann", "2": "good day, Ann"}
    answers = [serving.query("desk", ANN) for _ in range(60)]
    assert all(a.predictions == [words[a.model_version]] for a in answers)
    counts = workspace.serving.endpoints["default-desk"].answered
    for version in words:
        seen = sum(answer.model_version == version for answer in answers)
        assert counts[f"version-{version}"] == seen > 0
    assert 1 <= counts["version-2"] <= 20


def test_traffic_alone_moves_without_a_version_to_come(workspace, serving, model):
    """Serving endpoints API, update config: any combination of entities and traffic is an update.
    So traffic alone passes through IN_PROGRESS too, and refuses a second one."""
    shared(serving, model, {"2": 10, "1": 90})
    workspace.serving.gate.clear()
    state = serving.update("desk", model, {"2": 50, "1": 50})
    assert (state.status, state.pending_version) == ("updating", None)
    assert serving.state("desk") == state and state.traffic == {"2": 10, "1": 90}
    with pytest.raises(NotNow, match="desk is updating"):
        serving.update("desk", model, {"1": 100})
    workspace.serving.gate.set()
    assert settled(serving).traffic == {"2": 50, "1": 50}


def test_an_answer_of_an_entity_that_is_not_ours_names_no_version(workspace, serving, model):
    """Serving endpoints API: a served entity's name is whatever its endpoint's maker chose."""
    serving.create("desk", model, "1")
    settled(serving)
    endpoint = workspace.serving.endpoints["default-desk"]
    endpoint.active.entities[0].name = endpoint.active.traffic.routes[0].served_entity_name = "own"
    assert serving.query("desk", ANN).model_version is None


def test_guardrails_that_are_not_taken_are_left_to_the_workbench(workspace, serving, model):
    """AI Gateway, supported features: guardrails for external and foundation models, not for custom
    ones. Not documented: that they are refused with 400, and in which words."""
    serving.create("desk", model, "1")
    settled(serving)
    left = serving.guard("desk", Guardrails(pii="BLOCK", keywords=("secret",)))
    assert left.held == set() and "not supported for custom model" in left.message
    with pytest.raises(Refused, match=r"nobody can hold.*not supported for custom") as refused:
        serving.guard("desk", Guardrails(safety=True))
    assert refused.value.field == "safety"
    assert not workspace.serving.endpoints["default-desk"].gateway


@pytest.fixture
def guarding(workspace):
    """A workspace whose gateway takes guardrails for every kind of model."""
    workspace.serving.guards_custom_models = True
    yield workspace
    workspace.serving.guards_custom_models = False


def test_guardrails_that_are_taken(guarding, serving, model):
    """AI Gateway, guardrails: keywords of requests and responses, topics of requests. Assumed: a
    workspace that takes them for custom models."""
    serving.create("desk", model, "1")
    asked = Guardrails(keywords=("secret",), topics=("fruit",))
    assert serving.guard("desk", asked).held == {"keywords", "topics"}
    held = guarding.serving.endpoints["default-desk"].gateway["guardrails"]
    assert held["input"]["invalid_keywords"] == ["secret"]
    assert held["input"]["valid_topics"] == ["fruit"] and "valid_topics" not in held["output"]
    assert serving.guard("desk", Guardrails()).held == set()
    assert "guardrails" not in guarding.serving.endpoints["default-desk"].gateway
    assert guarding.unforeseen == []


def test_what_else_the_gateway_holds_stays(guarding, serving, model):
    """Not documented: whether put AI Gateway keeps what it is not given. Assumed:
    it replaces the whole."""
    serving.create("desk", model, "1")
    limit = {"calls": 9, "key": "endpoint", "renewal_period": "minute"}
    gateway = guarding.serving.endpoints["default-desk"].gateway
    gateway |= {"rate_limits": [limit], "usage_tracking_config": {"enabled": True}}
    serving.guard("desk", Guardrails(keywords=("secret",)))
    held = guarding.serving.endpoints["default-desk"].gateway
    assert held["guardrails"] and held["rate_limits"] == [limit]
    assert held["usage_tracking_config"] == {"enabled": True}


def test_a_refusal_leaves_what_was_held(guarding, serving, model):
    """Not documented: that a refused put AI Gateway changes nothing. Assumed, as
    of any refused PUT."""
    serving.create("desk", model, "1")
    serving.guard("desk", Guardrails(safety=True))
    guarding.serving.guards_custom_models = False
    with pytest.raises(Refused):
        serving.guard("desk", Guardrails(safety=True, keywords=("secret",)))
    held = guarding.serving.endpoints["default-desk"].gateway["guardrails"]
    assert held["input"]["safety"] and "invalid_keywords" not in held["input"]


def test_guardrails_outlive_an_update(guarding, serving, model):
    """Serving endpoints API: update config is of entities and traffic; the AI
    Gateway has its own call."""
    serving.create("desk", model, "1")
    settled(serving)
    serving.guard("desk", Guardrails(keywords=("secret",)))
    serving.update("desk", model, {"2": 100})
    settled(serving)
    assert guarding.serving.endpoints["default-desk"].gateway["guardrails"]
