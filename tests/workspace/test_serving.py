import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ontos.kernel.errors import Conflict, Invalid, NotFound, NotNow, Refused, Unavailable
from ontos.workspace import Guardrails
from ontos.workspace.local.models import LocalModels
from ontos.workspace.local.serving import LocalServing
from ontos.workspace.protocols import ServingState

ASK = [{"message": "Ann", "tone": "!"}]


@pytest.fixture
def models(registry: Path) -> LocalModels:
    return LocalModels(registry)


@pytest.fixture
def serving(tmp_path: Path, models: LocalModels) -> LocalServing:
    return LocalServing(tmp_path, models)


class SlowModels(LocalModels):
    """A registry whose loads wait until they are let go."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.go = threading.Event()

    def load(self, name, version):
        assert self.go.wait(20)
        return super().load(name, version)


def settled(serving: LocalServing, name: str) -> ServingState:
    return until(lambda: (s := serving.state(name)) and s.status in ("ready", "failed") and s)


def ready(version: int, *former: int) -> ServingState:
    """One version answers; former ones are loaded still."""
    shares = {str(version): 100} | {str(other): 0 for other in former}
    return ServingState("front", "ready", "greeter", str(version), traffic=shares)


def until(seen: Callable[[], object]):
    end = time.monotonic() + 20
    while not (answer := seen()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
    return answer


def test_an_endpoint_from_creation_to_its_end(serving):
    created = serving.create("front", "greeter", "1")
    assert (created.status, created.model_version, created.pending_version) == (
        "creating",
        None,
        "1",
    )
    assert settled(serving, "front") == ready(1)
    assert serving.query("front", ASK).predictions == ["hello, Ann!"]
    assert serving.update("front", "greeter", {"2": 100}).status == "updating"
    assert settled(serving, "front").model_version == "2"
    assert serving.query("front", [*ASK, {"message": "Bo", "tone": "."}]).predictions == [
        "good day, Ann!",
        "good day, Bo.",
    ]
    serving.delete("front")
    assert serving.state("front") is None
    for gone in (
        lambda: serving.query("front", ASK),
        lambda: serving.delete("front"),
        lambda: serving.update("front", "greeter", {"1": 100}),
    ):
        with pytest.raises(NotFound, match="no endpoint front"):
            gone()


def test_creating_refuses_a_taken_name_and_a_missing_version(serving):
    serving.create("front", "greeter", "1")
    with pytest.raises(Conflict):
        serving.create("front", "greeter", "2")
    with pytest.raises(NotFound, match="nobody has no version 1"):
        serving.create("back", "nobody", "1")
    with pytest.raises(NotFound, match="greeter has no version 7"):
        serving.update("front", "greeter", {"7": 100})
    settled(serving, "front")


def test_the_former_version_answers_until_the_new_one_is_loaded(tmp_path, registry):
    models = SlowModels(registry)
    serving = LocalServing(tmp_path, models)
    serving.create("front", "greeter", "1")
    with pytest.raises(NotNow, match="still loading"):
        serving.query("front", ASK)
    with pytest.raises(NotNow, match="creating"):
        serving.update("front", "greeter", {"2": 100})
    models.go.set()
    settled(serving, "front")
    models.go.clear()
    serving.update("front", "greeter", {"2": 100})
    state = serving.state("front")
    assert (state.status, state.model_version, state.pending_version) == ("updating", "1", "2")
    assert serving.query("front", ASK).predictions == ["hello, Ann!"]
    with pytest.raises(NotNow, match="updating"):
        serving.update("front", "greeter", {"1": 100})
    models.go.set()
    assert settled(serving, "front").model_version == "2"


def test_an_endpoint_deleted_while_it_loads_stays_deleted(tmp_path, registry):
    models = SlowModels(registry)
    serving = LocalServing(tmp_path, models)
    serving.create("front", "greeter", "1")
    serving.delete("front")
    serving.create("other", "greeter", "1")
    models.go.set()
    settled(serving, "other")
    assert serving.state("front") is None
    assert LocalServing(tmp_path, models).state("front") is None


def test_a_model_that_does_not_load_fails_with_its_reason(serving):
    serving.create("front", "broken", "2")
    state = settled(serving, "front")
    assert (state.status, state.model_version) == ("failed", None)
    assert "its weights are missing" in state.message
    with pytest.raises(NotNow, match="its weights are missing"):
        serving.query("front", ASK)
    assert serving.update("front", "greeter", {"1": 100}).status == "creating"
    assert settled(serving, "front") == ready(1)


def test_after_a_failed_update_the_former_version_still_answers(serving):
    serving.create("front", "greeter", "1")
    settled(serving, "front")
    serving.update("front", "broken", {"2": 100})
    state = settled(serving, "front")
    assert (state.status, state.model_name, state.model_version) == ("failed", "greeter", "1")
    assert "Version 1 still answers" in state.message
    assert serving.query("front", ASK).predictions == ["hello, Ann!"]


def test_a_restart_finds_the_endpoints_and_loads_them_again(tmp_path, models, serving):
    serving.create("front", "greeter", "2")
    before = settled(serving, "front")
    again = LocalServing(tmp_path, models)
    assert again.state("front") == before
    assert again.query("front", ASK).predictions == ["good day, Ann!"]


def test_a_restart_in_the_middle_of_an_update_finishes_it(tmp_path, registry, models):
    slow = SlowModels(registry)
    killed = LocalServing(tmp_path, slow)
    slow.go.set()
    killed.create("front", "greeter", "1")
    settled(killed, "front")
    slow.go.clear()
    killed.update("front", "greeter", {"2": 100})
    again = LocalServing(tmp_path, models)
    assert settled(again, "front") == ready(2, 1)
    slow.go.set()
    settled(killed, "front")


def test_a_restart_tells_when_the_model_is_gone(tmp_path, serving):
    serving.create("front", "greeter", "1")
    settled(serving, "front")
    again = LocalServing(tmp_path, LocalModels(tmp_path / "elsewhere"))
    with pytest.raises(NotNow, match="could not be loaded"):
        again.query("front", ASK)
    assert again.state("front").status == "failed"


def test_a_query_waits_only_so_long(tmp_path, registry, serving):
    serving.create("front", "greeter", "1")
    settled(serving, "front")
    slow = SlowModels(registry)
    again = LocalServing(tmp_path, slow, patience=0.05)
    with pytest.raises(NotNow, match="still loading"):
        again.query("front", ASK)
    slow.go.set()
    until(lambda: _answers(again))


def _answers(serving):
    try:
        return serving.query("front", ASK)
    except NotNow:
        return None


@pytest.mark.parametrize(
    "given, told",
    [
        ([], "nothing to predict"),
        ([{"message": "Ann"}], "Input 0 misses tone"),
        ([*ASK, {}], "Input 1 misses message, tone"),
        ([ASK[0] | {"colour": "red"}], "has unknown colour"),
        ([{"message": "Ann", "Tone": "!"}], "misses tone and has unknown Tone"),
        ([ASK[0] | {"tone": ["!"]}], "tone holds a list"),
    ],
)
def test_inputs_are_checked_by_name(serving, given, told):
    serving.create("front", "greeter", "1")
    settled(serving, "front")
    with pytest.raises(Invalid, match=told) as refused:
        serving.query("front", given)
    assert refused.value.field == "inputs"


def test_numbers_and_nothing_become_text(serving):
    serving.create("front", "greeter", "1")
    settled(serving, "front")
    assert serving.query("front", [{"message": 7, "tone": None}]).predictions == ["hello, 7"]


def test_a_model_that_fails_on_a_query_is_told_and_stays(serving):
    serving.create("front", "broken", "1")
    settled(serving, "front")
    with pytest.raises(Unavailable, match="not in this tone"):
        serving.query("front", [{"message": "Ann", "tone": "rude"}])
    with pytest.raises(Unavailable, match="1 answers to 2 inputs"):
        serving.query("front", ASK * 2)
    assert serving.query("front", ASK).predictions == ["only one answer"]


@pytest.mark.parametrize("name", ["../up", "a/b", "ü ☂", "x" * 10_000, "..", "line\nbreak", "A"])
def test_any_name_is_a_safe_name(tmp_path, serving, name):
    serving.create(name, "greeter", "1")
    serving.create(name + "2", "greeter", "1")
    assert settled(serving, name).name == name
    assert settled(serving, name + "2").name == name + "2"
    assert {p.parent for p in tmp_path.rglob("*.json")} == {tmp_path / "serving"}


def test_many_ask_while_versions_change(serving):
    serving.create("front", "greeter", "1")
    settled(serving, "front")
    seen, stop = set(), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            seen.update(serving.query("front", ASK).predictions)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for version in ("2", "1", "2"):
        serving.update("front", "greeter", {version: 100})
        settled(serving, "front")
    until(lambda: "good day, Ann!" in seen)
    stop.set()
    for asker in askers:
        asker.join()
    assert seen == {"hello, Ann!", "good day, Ann!"}


def shared(serving, traffic):
    """An endpoint `front` of greeter whose requests are shared."""
    serving.create("front", "greeter", "1")
    settled(serving, "front")
    serving.update("front", "greeter", traffic)
    return settled(serving, "front")


def who_answers(serving, times):
    answers = [serving.query("front", ASK) for _ in range(times)]
    assert all(
        answer.predictions == [{"1": "hello, Ann!", "2": "good day, Ann!"}[answer.model_version]]
        for answer in answers
    )
    return Counter(answer.model_version for answer in answers)


def test_a_split_is_answered_by_share_and_says_by_whom(tmp_path, models):
    serving = LocalServing(tmp_path, models, chance=random.Random(5))  # noqa: S311
    state = shared(serving, {"2": 10, "1": 90})
    assert (state.model_version, state.traffic) == ("1", {"2": 10, "1": 90})
    seen = who_answers(serving, 400)
    assert 20 <= seen["2"] <= 65 and sum(seen.values()) == 400


def test_one_request_is_answered_by_one_version(serving):
    shared(serving, {"2": 50, "1": 50})
    for _ in range(20):
        assert len(set(serving.query("front", ASK * 10).predictions)) == 1


def test_traffic_among_loaded_versions_moves_at_once(tmp_path, registry):
    models = SlowModels(registry)
    models.go.set()
    serving = LocalServing(tmp_path, models)
    shared(serving, {"2": 10, "1": 90})
    models.go.clear()
    assert serving.update("front", "greeter", {"1": 100}) == ready(1, 2)
    assert who_answers(serving, 30) == {"1": 30}
    assert serving.update("front", "greeter", {"2": 100}) == ready(2, 1)
    models.go.set()


def test_a_split_that_cannot_be_loaded_leaves_the_former(serving):
    serving.create("front", "broken", "1")
    settled(serving, "front")
    serving.update("front", "broken", {"1": 90, "2": 10})
    state = settled(serving, "front")
    assert (state.status, state.traffic) == ("failed", {"1": 100})
    assert "its weights are missing" in state.message and "1 still answers" in state.message


def test_a_restart_finds_the_split(tmp_path, models, serving):
    before = shared(serving, {"2": 50, "1": 50})
    again = LocalServing(tmp_path, models)
    assert again.state("front") == before
    assert set(who_answers(again, 60)) == {"1", "2"}


class Forgetful(LocalModels):
    """A registry that has lost version 2."""

    def load(self, name, version):
        if version == "2":
            raise FileNotFoundError("version 2 is gone")
        return super().load(name, version)


def test_of_a_split_the_version_that_comes_back_answers_everything(tmp_path, registry, serving):
    shared(serving, {"2": 60, "1": 40})
    again = LocalServing(tmp_path, Forgetful(registry))
    assert who_answers(again, 20) == {"1": 20}
    state = again.state("front")
    assert (state.status, state.model_version, state.traffic) == ("failed", "1", {"1": 100})
    assert "version 2 is gone" in state.message and "1 answers everything" in state.message


def test_a_version_without_requests_may_be_gone_after_a_restart(tmp_path, registry, serving):
    shared(serving, {"2": 0, "1": 100})
    again = LocalServing(tmp_path, Forgetful(registry))
    assert who_answers(again, 5) == {"1": 5} and again.state("front") == ready(1)


def test_what_was_saved_before_traffic_could_be_shared_is_read(tmp_path, models, serving):
    shared(serving, {"2": 100})
    place = next((tmp_path / "serving").iterdir())
    saved = json.loads(place.read_text())
    del saved["wanted"], saved["state"]["traffic"]
    place.write_text(json.dumps(saved | {"pending_model": None}))
    assert LocalServing(tmp_path, models).state("front") == ready(2)
    saved["state"] |= {"status": "updating", "pending_version": "1"}
    place.write_text(json.dumps(saved | {"pending_model": "greeter"}))
    assert settled(LocalServing(tmp_path, models), "front") == ready(1)


def test_nobody_but_the_workbench_guards_here(serving):
    serving.create("front", "greeter", "1")
    assert serving.guard("front", Guardrails(pii="MASK", keywords=("secret",))).held == set()
    with pytest.raises(Refused, match="without a Databricks workspace") as refused:
        serving.guard("front", Guardrails(safety=True))
    assert refused.value.field == "safety"
    with pytest.raises(NotFound):
        serving.guard("back", Guardrails())
