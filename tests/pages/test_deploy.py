import re

import pytest

from ontos.deploy.endpoints import (
    EndpointChange,
    get_endpoint,
    list_endpoints,
    rollback_endpoint,
    update_endpoint,
)
from ontos.improve.feedback import list_feedback
from ontos.kernel.errors import NotFound
from pages.data.words import escaped
from tests.deploy.made import ready, settled
from tests.monitor.made import endpoint
from tests.pages.opened import figure, opened, press, sound, steps, texts, visited
from tests.trained import trained

__all__ = ["trained"]


@pytest.mark.parametrize(
    ("view", "says"),
    [("endpoints", "No endpoint yet"), ("playground", "No model to ask yet"),
     ("models", "The registry is empty")],
)  # fmt: skip
def test_an_empty_view_says_what_to_do(bench, view, says):
    page = opened(bench, "deploy", view=view)
    assert says in texts(page)
    assert any(button.proto.type == "primary" for button in page.button)


def test_without_a_model_there_is_nothing_to_deploy(bench):
    assert "No model to deploy yet" in texts(opened(bench, "deploy", view="endpoints", new="1"))


def test_a_model_is_deployed_by_a_click(trained):
    page = opened(trained.bench, "deploy", view="endpoints", new="1", model="kinds", version="1")
    page.text_input(key="new-endpoint-name-kinds").set_value("clicked")
    sound(press(page, "Deploy"))
    try:
        seen = settled(trained.caller, "clicked")
        assert (seen.status, seen.model_version) == ("ready", "1")
        listed = opened(trained.bench, "deploy", view="endpoints")
        assert "clicked" in texts(listed) and "ready" in texts(listed)
    finally:
        press(opened(trained.bench, "deploy", endpoint="clicked"), "Delete the endpoint")
    with pytest.raises(NotFound):
        get_endpoint(trained.caller, "clicked")


def test_a_link_to_a_version_that_is_gone_says_that_another_is_offered(trained):
    page = opened(trained.bench, "deploy", view="endpoints", new="1", model="kinds", version="99")
    assert page.warning[0].value == "What the address names is not here. Another is shown."
    page = page.selectbox(key="new-endpoint-model").select_index(0).run()
    assert not page.warning


def test_a_refused_name_is_explained_and_kept(trained):
    page = opened(trained.bench, "deploy", view="endpoints", new="1")
    page.text_input(key="new-endpoint-name-kinds").set_value("not a name")
    page = press(page, "Deploy")
    assert "cannot name an endpoint" in page.error[0].value
    assert escaped("not-a-name would do") in page.error[0].value
    assert page.text_input(key="new-endpoint-name-kinds").value == "not a name"
    assert "not a name" not in [e.name for e in list_endpoints(trained.caller).items]


def test_an_endpoint_is_updated_and_rolled_back_by_clicks(trained):
    with ready(trained, "turns", "1"):
        page = opened(trained.bench, "deploy", endpoint="turns")
        page.selectbox(key="update-version").set_value("2")
        sound(press(page, "Change"))
        assert settled(trained.caller, "turns").model_version == "2"
        page = sound(press(opened(trained.bench, "deploy", endpoint="turns"), "Roll back now"))
        assert "version 1" in texts(page)
        assert get_endpoint(trained.caller, "turns").model_version == "1"


def test_a_better_version_leads_to_the_endpoint_of_the_former_one(trained):
    with ready(trained, "former", "1"):
        address = {"view": "endpoints", "new": "1", "model": "kinds"}
        page = opened(trained.bench, "deploy", **address, version="2")
        words, _, query = next(step for step in steps(page) if "former" in step[0])
        assert "answers with v1" in words and "endpoint=former&version=2" in query
        page = opened(trained.bench, "deploy", endpoint="former", version="2")
        changing = next(block.proto.popover for block in page.get("popover"))
        assert changing.label == "Change to v2" and changing.type == "primary"
        page = opened(trained.bench, "deploy", **address, version="1")
        assert not any("former" in step[0] for step in steps(page))


def test_a_second_click_does_not_undo_a_rollback(trained):
    """It falls on a page that shows the endpoint as it was before."""
    caller = trained.caller
    with ready(trained, "twice", "1"):
        update_endpoint(caller, "twice", EndpointChange(model_version="2"))
        settled(caller, "twice")
        page = opened(trained.bench, "deploy", endpoint="twice")
        back = rollback_endpoint(caller, "twice")
        sound(press(page, "Roll back now"))
        assert get_endpoint(caller, "twice") == back
        page = opened(trained.bench, "deploy", endpoint="twice")
        asking = {block.proto.id for block in page.get("popover")}
        page = sound(press(page, "Roll back now"))
        assert get_endpoint(caller, "twice").model_version == "2"
        assert len(asking) == 3 and not asking & {block.proto.id for block in page.get("popover")}


def test_requests_are_shared_and_guarded_by_clicks(trained):
    with ready(trained, "forms", "1"):
        page = opened(trained.bench, "deploy", endpoint="forms")
        page.selectbox(key="update-version").set_value("2")
        page.number_input(key="update-share").set_value(10)
        sound(press(page, "Change"))
        seen = settled(trained.caller, "forms")
        assert seen.traffic == {"2": 10, "1": 90}
        page = opened(trained.bench, "deploy", endpoint="forms")
        page.number_input(key=f"share-2-{seen.version}").set_value(40)
        page = press(page, "Move traffic")
        assert "sum to 130" in page.error[0].value
        page.number_input(key=f"share-1-{seen.version}").set_value(60)
        sound(press(page, "Move traffic"))
        seen = settled(trained.caller, "forms")
        assert seen.traffic == {"2": 40, "1": 60}
        page = opened(trained.bench, "deploy", endpoint="forms")
        assert "version 1 answers 60 %, version 2 40 %" in texts(page)
        page.text_area(key=f"keywords-{seen.version}").set_value("secret\n\nlaunch code")
        page = sound(press(page, "Put in force"))
        assert "2 keywords not allowed: secret, launch code" in texts(page)
        assert "held by the workbench" in texts(page)
        held = get_endpoint(trained.caller, "forms")
        page.checkbox(key=f"safety-{held.version}").set_value(True)
        page = press(page, "Put in force")
        assert "nobody can hold this guardrail here" in page.error[0].value
        assert get_endpoint(trained.caller, "forms") == held


def test_the_playground_asks_and_takes_corrections(trained):
    with ready(trained, "asked", "1"):
        page = opened(trained.bench, "deploy", view="playground", endpoint="asked")
        page.text_area(key="ask-asked-message").set_value("please bring me one hammer")
        page = sound(press(page, "Ask"))
        assert "tool" in texts(page) and " ms" in texts(page)
        request = page.session_state["asked"][0].answer.request_id
        page.text_area(key=f"correction-{request}").set_value("weapon")
        page = sound(press(page, "Send"))
    given = list_feedback(trained.caller, endpoint_name="asked").items[0]
    assert (given.rating, given.correction, given.output) == ("down", "weapon", "tool")
    assert given.request_id == request and "noted as wrong" in texts(page)


def test_a_correction_that_repeats_the_answer_is_refused_and_kept(trained):
    with ready(trained, "repeated", "1"):
        page = opened(trained.bench, "deploy", view="playground", endpoint="repeated")
        page.text_area(key="ask-repeated-message").set_value("please bring me one hammer")
        page = sound(press(page, "Ask"))
        request = page.session_state["asked"][0].answer.request_id
        page.text_area(key=f"correction-{request}").set_value("tool")
        page = press(page, "Send")
    assert "Say what would be right" in page.error[0].value
    assert page.text_area(key=f"correction-{request}").value == "tool"
    assert list_feedback(trained.caller, endpoint_name="repeated").items == []


def test_an_endpoint_that_answers_nothing_is_not_called_missing(trained):
    """What was chosen at another stage stays chosen, and the way to the reason is shown."""
    mute = "UPDATE endpoints SET model_version = NULL WHERE name = 'a-mute'"
    with ready(trained, "talks", "1"):
        endpoint(trained.caller, "a-mute", "failed")
        trained.caller.warehouse.execute(mute)
        try:
            page = opened(trained.bench, "deploy", view="playground", endpoint="a-mute")
            usual = opened(trained.bench, "deploy", view="playground")
        finally:
            trained.caller.warehouse.execute("DELETE FROM endpoints WHERE name = 'a-mute'")
    assert not page.warning and "It cannot be asked yet" in texts(page)
    assert "Open the endpoint" in [button.label for button in page.button]
    assert usual.selectbox(key="pick-endpoint").value == "talks"


def test_an_empty_question_is_not_asked(trained):
    with ready(trained, "idle", "1"):
        page = press(opened(trained.bench, "deploy", view="playground", endpoint="idle"), "Ask")
    assert "Write something" in page.warning[0].value


def test_an_endpoint_shows_how_it_is_asked(trained):
    with ready(trained, "shown", "1"):
        page = opened(trained.bench, "deploy", endpoint="shown")
    assert "Nobody has asked it" in texts(page)
    assert "/deployment/endpoints/shown/query" in page.code[0].value


def test_models_and_their_versions(trained):
    page = opened(trained.bench, "deploy", view="models")
    assert "kinds" in texts(page)
    page = opened(trained.bench, "deploy", view="models", model="kinds")
    assert "v2" in texts(page) and "right on validation" in texts(page)
    assert "learnt from" in texts(page)


def test_the_list_of_models_says_which_version_answers(trained):
    with ready(trained, "former", "1"):
        said = texts(opened(trained.bench, "deploy", view="models"))
    assert "newest v2" in said and re.search(r"v1 answers as [^·]*former", said)


@pytest.mark.parametrize(
    "params", [{"view": "endpoints", "endpoint": "gone"}, {"view": "models", "model": "gone"}]
)
def test_what_is_not_there_is_said_so(bench, params):
    page = visited(bench, "deploy", **params)
    assert not page.exception and "gone" in page.error[0].value


def test_requests_are_counted_beside_the_endpoint(trained):
    with ready(trained, "counted", "1"):
        page = opened(trained.bench, "deploy", view="playground", endpoint="counted")
        page.text_area(key="ask-counted-message").set_value("a saw")
        press(page, "Ask")
        page = opened(trained.bench, "deploy", endpoint="counted")
    assert figure(page, "Requests, 24 h") == "1" and figure(page, "Error rate") == "0.0%"
