"""Guardrails and limits that the workspace's AI Gateway holds in front of an endpoint."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ontos.kernel.errors import Invalid
from ontos.workspace.databricks.client import Connection, told

if TYPE_CHECKING:
    from databricks.sdk.service.serving import AiGatewayGuardrails, AiGatewayRateLimit

Pii = Literal["NONE", "MASK", "BLOCK"]


@dataclass(frozen=True)
class Guardrails:
    """`topics` are those allowed (all, where there are none); `calls` is per user and minute."""

    pii: Pii = "NONE"
    safety: bool = False
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    calls: int | None = None


@dataclass(frozen=True)
class Pushed:
    """What the workspace holds now. What it does not hold stays with the workbench's own layer."""

    guardrails: bool
    limit: bool
    message: str


def push(connection: Connection, endpoint: str, name: str, rails: Guardrails) -> Pushed:
    """All in one call; where the workspace takes no guardrails for this model, the limit alone."""
    wanted, limits = _guardrails(rails), _limits(rails)
    if wanted is None:
        _put(connection, endpoint, name, rate_limits=limits)
        return Pushed(False, bool(limits), "There are no guardrails to hand down.")
    try:
        _put(connection, endpoint, name, guardrails=wanted, rate_limits=limits)
    except Invalid as refusal:
        _put(connection, endpoint, name, rate_limits=limits)
        return Pushed(
            False, bool(limits),
            f"The workbench holds the guardrails itself. {refusal.detail}",
        )  # fmt: skip
    return Pushed(True, bool(limits), "The workspace's AI Gateway holds the guardrails.")


def _put(connection: Connection, endpoint: str, name: str, **asked: Any) -> None:
    with told(f"The guardrails of {name} cannot be set in the workspace"):
        connection.client.serving_endpoints.put_ai_gateway(endpoint, **asked)


def _guardrails(rails: Guardrails) -> "AiGatewayGuardrails | None":
    """The same rules for what goes in and what comes out; topics are of questions only."""
    from databricks.sdk.service import serving as sv

    if not (rails.safety or rails.keywords or rails.topics or rails.pii != "NONE"):
        return None
    behavior = sv.AiGatewayGuardrailPiiBehaviorBehavior(rails.pii)
    both: dict[str, Any] = {
        "safety": rails.safety,
        "pii": sv.AiGatewayGuardrailPiiBehavior(behavior),
        "invalid_keywords": list(rails.keywords) or None,
    }
    topics = list(rails.topics) or None
    asked = sv.AiGatewayGuardrailParameters(**both, valid_topics=topics)
    return sv.AiGatewayGuardrails(input=asked, output=sv.AiGatewayGuardrailParameters(**both))


def _limits(rails: Guardrails) -> "list[AiGatewayRateLimit]":
    from databricks.sdk.service import serving as sv

    if rails.calls is None:
        return []
    minute = sv.AiGatewayRateLimitRenewalPeriod.MINUTE
    return [sv.AiGatewayRateLimit(minute, rails.calls, sv.AiGatewayRateLimitKey.USER)]
