"""Traffic and guardrails of an endpoint in a workspace: all of it over the wire."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Api, Refused
from tests.wire.loop import Whole, whole
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import MLFLOW, register

AT = "/deployment/endpoints/desk"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with (
        whole(tmp_path_factory.mktemp("whole")) as made,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in (made.workspace.env() | MLFLOW).items():
            environment.setenv(name, value)
        register(made.workspace, "greeter", "hello", "good day")
        yield made
        assert made.workspace.unforeseen == []


@pytest.fixture(scope="module")
def api(running: Whole) -> Iterator[Api]:
    made = Api(running.url)
    yield made
    made.close()


@pytest.fixture
def desk(running: Whole, api: Api) -> Iterator[Any]:
    """The workspace's own record of an endpoint whose version 1 answers."""
    spec = {"name": "desk", "model_name": "workbench.data_default.greeter", "model_version": 1}
    api("POST", "/deployment/endpoints", spec)
    assert settled(api)["traffic"] == {"1": 100}
    yield running.workspace.serving.endpoints["default-desk"]
    running.workspace.serving.guards_custom_models = False
    api("DELETE", AT)


def settled(api: Api) -> Any:
    return api.until(AT, ("ready", "failed"))


def ask(api: Api, name: str = "Ann") -> Any:
    return api("POST", f"{AT}/query", {"inputs": [{"name": name}]})


def test_a_version_begins_with_a_share_and_is_taken_back(
    running: Whole, api: Api, desk: Any
) -> None:
    serving = running.workspace.serving
    serving.gate.clear()
    begun = api("PUT", AT, {"model_version": 2, "share": 20})
    assert (begun["status"], begun["traffic"]) == ("updating", {"1": 100})
    for path, body in ((f"{AT}/traffic", {"traffic": {"2": 100}}), (AT, {"model_version": 2})):
        with pytest.raises(Refused, match="updating") as refused:
            api("PUT", path, body)
        assert refused.value.status == 409
    assert ask(api)["predictions"] == ["hello, Ann"]
    serving.gate.set()
    assert settled(api)["traffic"] == {"2": 20, "1": 80}

    before = dict(desk.answered)
    answers = [ask(api) for _ in range(60)]
    words = {"1": ["hello, Ann"], "2": ["good day, Ann"]}
    assert all(a["predictions"] == words[a["model_version"]] for a in answers)
    seen = Counter(f"version-{a['model_version']}" for a in answers)
    assert seen == Counter(desk.answered) - Counter(before) and len(seen) == 2
    told = api("GET", f"{AT}/traffic")
    assert {each["model_version"]: each["requests"] for each in told["answered"]} == {
        "1": seen["version-1"] + 1, "2": seen["version-2"]}  # fmt: skip

    loaded = dict(desk.active.loaded)
    back = api("POST", f"{AT}/rollback")
    assert (back["status"], back["traffic"]) == ("ready", {"1": 100, "2": 0})
    assert desk.active.loaded == loaded
    assert {ask(api)["model_version"] for _ in range(20)} == {"1"}


def test_the_workbench_holds_what_the_workspace_does_not_take(api: Api, desk: Any) -> None:
    """AI Gateway takes no guardrails for custom models."""
    told = api("PUT", f"{AT}/guardrails", {"keywords": ["secret"], "calls_per_minute": 3})
    assert set(told["held"].values()) == {"workbench"}
    assert "not supported for custom model" in told["message"]
    with pytest.raises(Refused, match="keyword 'secret'") as refused:
        ask(api, "a secret")
    assert refused.value.status == 400 and not desk.answered
    assert ask(api) and ask(api)
    with pytest.raises(Refused, match="3 calls a minute") as refused:
        ask(api)
    assert refused.value.status == 429 and desk.answered == {"version-1": 2}
    with pytest.raises(Refused, match=r"nobody can hold.*custom model") as refused:
        api("PUT", f"{AT}/guardrails", {"safety": True})
    assert refused.value.document["field"] == "safety"
    assert api("GET", f"{AT}/guardrails")["keywords"] == ["secret"]
    failed = api("GET", "/monitoring/performance/desk/errors")["items"]
    assert [each["status_code"] for each in failed] == [429, 400]


def test_a_workspace_that_takes_guardrails_is_given_them(
    running: Whole, api: Api, desk: Any
) -> None:
    running.workspace.serving.guards_custom_models = True
    asked = {"keywords": ["secret"], "safety": True, "pii": "MASK", "calls_per_minute": 60}
    told = api("PUT", f"{AT}/guardrails", asked)
    assert told["held"] == dict.fromkeys(("keywords", "pii", "safety"), "workspace") | {
        "calls_per_minute": "workbench"}  # fmt: skip
    held = desk.gateway["guardrails"]
    assert held["input"] == held["output"] == {
        "invalid_keywords": ["secret"], "safety": True, "pii": {"behavior": "MASK"}
    }  # fmt: skip
    api("PUT", AT, {"model_version": 2})
    settled(api)
    assert desk.gateway["guardrails"] == held
    api("PUT", f"{AT}/guardrails", {})
    assert "guardrails" not in desk.gateway


def test_guardrails_that_do_not_arrive_are_not_in_force(
    running: Whole, api: Api, desk: Any
) -> None:
    running.workspace.serving.guards_custom_models = True
    api("PUT", f"{AT}/guardrails", {"keywords": ["secret"]})
    fault = Fault("PUT .*/ai-gateway", status=403, code="PERMISSION_DENIED", message="not yours")
    running.workspace.faults.plan(fault)
    with pytest.raises(Refused, match="not yours"):
        api("PUT", f"{AT}/guardrails", {"keywords": ["other"]})
    assert api("GET", f"{AT}/guardrails")["keywords"] == ["secret"]
    assert desk.gateway["guardrails"]["input"]["invalid_keywords"] == ["secret"]
