"""A chat model of the workspace, asked through its OpenAI-compatible door."""

import pytest

from ontos.kernel.errors import Unavailable
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import half, opened
from tests.workspace.test_llm import GOOD, Endpoint

HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def workspace(tmp_path):
    with opened(tmp_path) as workspace:
        workspace.serving.chats["llama"] = lambda messages: f"You said {messages[-1]['content']}"
        yield workspace


def test_an_answer_with_its_tokens(workspace):
    """Foundation Model APIs, chat completions: OpenAI's form below
    `/serving-endpoints`, with `usage`."""
    llm = half(workspace.root / "home", llm_model="llama").llm
    found = llm.complete(HELLO)
    assert (found.text, found.model, found.prompt_tokens, found.completion_tokens) == (
        "You said hello", "llama", 5, 3,
    )  # fmt: skip


def test_no_model_is_configured(workspace):
    """The workbench's own, nothing of Databricks: without a setting no endpoint is asked."""
    llm = half(workspace.root / "home").llm
    assert llm.model is None
    with pytest.raises(Unavailable, match="No language model is configured"):
        llm.complete(HELLO)


def test_an_endpoint_that_is_not_there_is_named(workspace):
    """Not documented: what is answered for an endpoint that does not exist.
    Assumed: 404 and its name."""
    llm = half(workspace.root / "home", llm_model="nobody").llm
    with pytest.raises(Unavailable, match="does not exist: nobody"):
        llm.complete(HELLO)


def test_a_busy_endpoint_is_asked_again(workspace):
    """Foundation Model APIs, limits: 429 beyond a rate limit, to be asked again after a while."""
    busy = workspace.faults.plan(Fault("/chat/completions", status=429, code="TOO_MANY"))
    llm = half(workspace.root / "home", llm_model="llama").llm
    assert llm.complete(HELLO).text == "You said hello" and busy.seen == 1


def test_a_language_model_elsewhere_is_asked_with_the_secret_of_the_scope(workspace):
    """Secrets API, get: the value of a key in a scope. Read once, and only where
    the environment gives no key."""
    home = workspace.root / "home"
    workspace.secrets.scopes["ontos"] = {"llm-api-key": "s3cret"}
    with Endpoint((200, GOOD)) as endpoint:
        named = {"llm_base_url": endpoint.url, "llm_model": "tiny"}
        kept = half(home, **named).llm
        kept.complete(HELLO)
        kept.complete(HELLO)
        half(home, llm_api_key="given", **named).llm.complete(HELLO)
        keys = [key for _, key, _ in endpoint.asked]
    assert keys == ["Bearer s3cret", "Bearer s3cret", "Bearer given"]
    asked = [call for call in workspace.faults.calls if "secrets/get" in str(call)]
    assert len(asked) == 1
