"""A chat model of the workspace, asked through its OpenAI-compatible door."""

import pytest

from ontos.kernel.errors import Unavailable
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import half, opened

HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def workspace(tmp_path):
    with opened(tmp_path) as workspace:
        workspace.serving.chats["llama"] = lambda messages: f"You said {messages[-1]['content']}"
        yield workspace


def test_an_answer_with_its_tokens(workspace):
    llm = half(workspace.root / "home", llm_model="llama").llm
    found = llm.complete(HELLO)
    assert (found.text, found.model, found.prompt_tokens, found.completion_tokens) == (
        "You said hello", "llama", 5, 3,
    )  # fmt: skip


def test_no_model_is_configured(workspace):
    llm = half(workspace.root / "home").llm
    assert llm.model is None
    with pytest.raises(Unavailable, match="No language model is configured"):
        llm.complete(HELLO)


def test_an_endpoint_that_is_not_there_is_named(workspace):
    llm = half(workspace.root / "home", llm_model="nobody").llm
    with pytest.raises(Unavailable, match="does not exist: nobody"):
        llm.complete(HELLO)


def test_a_busy_endpoint_is_asked_again(workspace):
    busy = workspace.faults.plan(Fault("/chat/completions", status=429, code="TOO_MANY"))
    llm = half(workspace.root / "home", llm_model="llama").llm
    assert llm.complete(HELLO).text == "You said hello" and busy.seen == 1
