"""Exports: the pairs that pass the gate, as JSON lines for fine-tuning, streamed."""

import re
from collections.abc import Iterator
from typing import Literal

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Refused
from ontos.kernel.fields import Id
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.kernel.transfer import Download
from ontos.label.origins import require_source
from ontos.label.pairs import Assembled, Use, training_sheet
from ontos.label.usage import GATED, eligibility, eligible_sql
from ontos.warehouse import Value, together

Format = Literal["openai_chat", "anthropic", "gemini"]

_SAID = "named_struct('role', '{role}', 'content', {text})"
_PARTS = "named_struct('role', '{role}', 'parts', array(named_struct('text', {text})))"
_SYSTEM = "CAST(:system AS STRING)"


@operation(
    "GET /training-sheets/{training_sheet_id}/export",
    needs=read("labels"),
    journaled=True,
    rights="person",
)
def export_pairs(
    caller: Caller, training_sheet_id: Id, format: Format = "openai_chat", use: Use = "training"
) -> Download:
    """The pairs that pass the gate for `use`, one JSON object a line."""
    assembled = training_sheet(caller, training_sheet_id)
    counts, _ = together(
        lambda: eligibility(caller, training_sheet_id, use),
        lambda: require_source(caller, training_sheet_id),
    )
    if counts.eligible == 0:
        raise Refused(
            f"No pair of {assembled.name} may be exported for {use}: {counts.reasons()}. "
            "Review pairs, or lift the constraints of their items.",
            counts=counts.model_dump(),
        )
    name = f"{_file_name(assembled.name)}.{use}.{format}.jsonl"
    return Download(name, "application/jsonl", _lines(caller, assembled, format, use))


def line_sql(format: Format, system: bool) -> str:
    """The JSON of one line as an expression over `pairs AS p`, in the form its maker documents."""
    if format == "openai_chat":
        return _object(messages=_array(_SAID, system, "assistant"))
    if format == "anthropic":
        messages = _array(_SAID, False, "assistant")
        return _object(system=_SYSTEM, messages=messages) if system else _object(messages=messages)
    contents = _array(_PARTS, False, "model")
    if not system:
        return _object(contents=contents)
    instruction = f"named_struct('parts', array(named_struct('text', {_SYSTEM})))"
    return _object(systemInstruction=instruction, contents=contents)


def _array(said: str, system: bool, answerer: str) -> str:
    spoken = [("system", _SYSTEM)] if system else []
    spoken += [("user", "p.prompt"), (answerer, "p.response")]
    return f"array({', '.join(said.format(role=role, text=text) for role, text in spoken)})"


def _object(**fields: str) -> str:
    inside = ", ".join(f"'{name}', {value}" for name, value in fields.items())
    return f"to_json(named_struct({inside}))"


def _lines(caller: Caller, assembled: Assembled, format: Format, use: Use) -> Iterator[str]:
    """The engine writes the JSON; a batch of lines at a time passes through here."""
    system = bool(assembled.system_prompt)
    values: dict[str, Value] = {"system": assembled.system_prompt} if system else {}
    batches = caller.warehouse.batches(
        f"SELECT {line_sql(format, system)} AS line FROM {GATED}"  # noqa: S608
        f" WHERE p.training_sheet_id = :id AND {eligible_sql(use)}",
        id=assembled.id, **values,
    )  # fmt: skip
    for batch in batches:
        yield "\n".join(batch.column(0).to_pylist()) + "\n"


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80] or "pairs"
