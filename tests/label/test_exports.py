"""Exports: three formats, one gate, streamed."""

import json

import pytest

from ontos.govern.audit import list_audit
from ontos.kernel.errors import Refused
from ontos.label.exports import export_pairs
from ontos.label.pairs import PairFilter
from ontos.label.reviews import Review, review_pairs
from ontos.label.usage import Usage, set_usage

HARD = 'it\'s "so";\n\tnext \\n 👩‍👩‍👧 \u2028 </script>'


def lines(caller, made, format="openai_chat", **more):
    download = export_pairs(caller, made.id, format, **more)
    return [json.loads(line) for line in "".join(download.chunks).split("\n") if line]


@pytest.fixture
def made(caller, assemble):
    """One approved pair."""
    made = assemble(
        [{"ref": "a", "text": HARD, "label": HARD}], name='My/messages; \n"2"'.replace("\n", " ")
    )
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter()))
    return made


def test_openai_chat(caller, made):
    assert lines(caller, made) == [
        {"messages": [
            {"role": "system", "content": "You sort messages."},
            {"role": "user", "content": f"Message: {HARD}"},
            {"role": "assistant", "content": HARD},
        ]}
    ]  # fmt: skip


def test_anthropic(caller, made):
    assert lines(caller, made, "anthropic") == [
        {"system": "You sort messages.", "messages": [
            {"role": "user", "content": f"Message: {HARD}"},
            {"role": "assistant", "content": HARD},
        ]}
    ]  # fmt: skip


def test_gemini(caller, made):
    assert lines(caller, made, "gemini") == [
        {"systemInstruction": {"parts": [{"text": "You sort messages."}]}, "contents": [
            {"role": "user", "parts": [{"text": f"Message: {HARD}"}]},
            {"role": "model", "parts": [{"text": HARD}]},
        ]}
    ]  # fmt: skip


def test_without_a_system_prompt_nothing_stands_for_it(caller, assemble):
    made = assemble(system=None)
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter(item_ref="i0")))
    forms = ("openai_chat", "anthropic", "gemini")
    keys = [set(lines(caller, made, form)[0]) for form in forms]
    assert keys == [{"messages"}, {"messages"}, {"contents"}]
    assert [m["role"] for m in lines(caller, made)[0]["messages"]] == ["user", "assistant"]


def test_the_gate_is_for_the_use_asked(caller, assemble):
    made = assemble()
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter(label="greet")))
    barred = Usage(allowed_uses=["validation"], reason="consent")
    set_usage(caller, made.pair("i0").id, barred)
    assert (len(lines(caller, made)), len(lines(caller, made, use="validation"))) == (2, 3)


def test_an_export_of_nothing_says_why(caller, assemble):
    made = assemble()
    review_pairs(
        caller, made.id, Review(action="reject", where=PairFilter(item_ref="i0"), reason="no")
    )
    with pytest.raises(Refused, match=r"5 pending review, 1 rejected") as refused:
        export_pairs(caller, made.id)
    assert refused.value.problem()["counts"]["pending"] == 5


def test_an_export_leaves_a_trace_and_a_safe_name(caller, made):
    download = export_pairs(caller, made.id, "gemini")
    assert download.name == "My-messages-2.training.gemini.jsonl"
    assert [e.operation for e in list_audit(caller, operation="export_pairs").items] == [
        "export_pairs"
    ]
