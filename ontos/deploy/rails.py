"""What an endpoint lets pass: the guardrails in force, and how the workbench holds its own."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from ontos.deploy import pii
from ontos.kernel.errors import Refused
from ontos.workspace import Guardrails, Pii

Holder = Literal["workspace", "workbench"]


class Guarded(Refused):
    status, title = 400, "Held back by a guardrail"


class TooOften(Refused):
    status, title = 429, "Asked too often"


class Rails(BaseModel):
    """`held` says who holds each that is set. The workbench holds them for what is asked through
    it; `message` is what the workspace said to them."""

    pii: Pii = "NONE"
    safety: bool = False
    keywords: list[str] = []
    topics: list[str] = []
    calls_per_minute: int | None = None
    held: dict[str, Holder] = {}
    message: str | None = None

    @property
    def handed_down(self) -> Guardrails:
        """What a workspace may hold. It cannot tell the people behind the workbench apart, so
        that their calls are counted here."""
        return Guardrails(self.pii, self.safety, tuple(self.keywords), tuple(self.topics))

    @property
    def ours(self) -> "Rails":
        """Those that the workbench itself holds."""
        return Rails(**{name: getattr(self, name) for name, by in self.held.items()
                        if by == "workbench"})  # fmt: skip


Row = Mapping[str, Any]


def admitted(rails: Rails, inputs: Sequence[Row]) -> list[dict[str, Any]]:
    """The inputs as the model may see them; raises Guarded for what it must not be asked."""
    return [
        {name: _passed(rails, value, f"input {at}") for name, value in row.items()}
        for at, row in enumerate(inputs)
    ]


def released(rails: Rails, predictions: Sequence[Any]) -> list[Any]:
    """The answers as the asker may see them; raises Guarded for what must not be told."""
    return [_passed(rails, each, f"answer {at}") for at, each in enumerate(predictions)]


def _passed(rails: Rails, value: Any, where: str) -> Any:
    """A value with every text in it passed or masked; one that needs no change keeps its type."""
    if isinstance(value, dict):
        return {name: _passed(rails, each, where) for name, each in value.items()}
    if isinstance(value, list):
        return [_passed(rails, each, where) for each in value]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    _require_no_keyword(rails, text, where)
    if rails.pii == "BLOCK":
        _require_nothing_personal(text, where)
    if rails.pii == "MASK" and (masked := pii.masked(text)) != text:
        return masked
    return value


def _require_no_keyword(rails: Rails, text: str, where: str) -> None:
    said = _plain(text) if rails.keywords else ""
    if kept := next((each for each in rails.keywords if _plain(each) in said), None):
        raise Guarded(
            f"{where} holds the keyword {kept!r}, which this endpoint does not let pass. "
            f"{_remedy(where)}",
            guardrail="keywords",
        )


def _require_nothing_personal(text: str, where: str) -> None:
    kinds = dict.fromkeys(kind for _, _, kind in pii.found(text))
    if kinds:
        raise Guarded(
            f"{where} holds personal data ({', '.join(kinds)}), which this endpoint does not let "
            f"pass. {_remedy(where)}",
            guardrail="pii",
        )


def _remedy(where: str) -> str:
    return "Take it out and ask again." if where.startswith("input") else (
        "Ask in another way, or ask whoever deploys to change the guardrails."
    )  # fmt: skip


def _plain(text: str) -> str:
    """So that neither case nor width nor spacing hides a keyword."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
