import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ontos.kernel.errors import Unavailable
from ontos.workspace.local.llm import NoLlm, OpenAiLlm
from ontos.workspace.protocols import Completion

ASK = [{"role": "user", "content": "Say yes."}]
GOOD = {
    "model": "tiny-1",
    "choices": [{"message": {"role": "assistant", "content": "yes"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}


class Endpoint(ThreadingHTTPServer):
    """Answers in turn what it was given, the last one for ever; keeps what it was asked."""

    def __init__(self, *answers) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked = list(answers), []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/"

    def __exit__(self, *error) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Authorization"], json.loads(body)))
        answers = self.server.answers
        status, document = answers.pop(0) if len(answers) > 1 else answers[0]
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Retry-After", "0.01")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words) -> None:
        pass


def test_a_completion():
    with Endpoint((200, GOOD)) as endpoint:
        llm = OpenAiLlm(endpoint.url, "k3y", "tiny")
        assert llm.model == "tiny"
        assert llm.complete(ASK, max_tokens=5) == Completion("yes", "tiny-1", 3, 1)
        assert endpoint.asked == [
            (
                "/v1/chat/completions",
                "Bearer k3y",
                {"model": "tiny", "messages": ASK, "max_tokens": 5, "temperature": 0.0},
            )
        ]


def test_a_key_may_change_and_may_be_missing():
    keys = iter(["one", "two"])
    with Endpoint((200, GOOD)) as endpoint:
        changing = OpenAiLlm(endpoint.url, lambda: next(keys), "tiny")
        changing.complete(ASK)
        changing.complete(ASK)
        OpenAiLlm(endpoint.url, None, "tiny").complete(ASK)
        assert [key for _, key, _ in endpoint.asked] == ["Bearer one", "Bearer two", None]


def test_content_in_parts_and_without_usage():
    parts = [{"type": "reasoning", "summary": []}, {"type": "text", "text": "yes"}]
    with Endpoint((200, {"choices": [{"message": {"content": parts}}]})) as endpoint:
        answer = OpenAiLlm(endpoint.url, None, "tiny").complete(ASK)
    assert answer == Completion("yes", "tiny", None, None)


def test_passing_troubles_are_tried_again():
    with Endpoint((429, {}), (503, b"busy"), (200, GOOD)) as endpoint:
        assert OpenAiLlm(endpoint.url, None, "tiny").complete(ASK).text == "yes"
        assert len(endpoint.asked) == 3


def test_tries_are_bounded_and_the_reason_is_told():
    with Endpoint((503, {"error": {"message": "model is loading"}})) as endpoint:
        with pytest.raises(Unavailable, match="answered 503: model is loading"):
            OpenAiLlm(endpoint.url, None, "tiny").complete(ASK)
        assert len(endpoint.asked) == 3


def test_a_refusal_is_final_and_never_shows_the_key():
    refusal = {"error": {"message": "Incorrect API key provided: k3y-k3y"}}
    with Endpoint((401, refusal)) as endpoint:
        with pytest.raises(Unavailable, match="answered 401: Incorrect API key") as told:
            OpenAiLlm(endpoint.url, "k3y-k3y", "tiny").complete(ASK)
        assert len(endpoint.asked) == 1
    assert "k3y" not in str(told.value) and told.value.more == {"upstream_status": 401}


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}'],
)
def test_what_is_no_completion(body):
    with (
        Endpoint((200, body)) as endpoint,
        pytest.raises(Unavailable, match="not a chat completion"),
    ):
        OpenAiLlm(endpoint.url, None, "tiny").complete(ASK)


def test_nobody_listens():
    with Endpoint((200, GOOD)) as endpoint:
        url = endpoint.url
    with pytest.raises(Unavailable, match="does not answer"):
        OpenAiLlm(url, None, "tiny").complete(ASK)


def test_without_a_model_one_is_told_what_to_set():
    assert NoLlm().model is None
    with pytest.raises(Unavailable, match="ONTOS_LLM_BASE_URL and ONTOS_LLM_MODEL"):
        NoLlm().complete(ASK)
