"""Guardrails that the workspace's AI Gateway holds in front of an endpoint."""

from typing import TYPE_CHECKING, Any

from ontos.kernel.errors import Invalid
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.guardrails import left_to_us
from ontos.workspace.protocols import Guarded, Guardrails

if TYPE_CHECKING:
    from databricks.sdk.service.serving import AiGatewayConfig, AiGatewayGuardrails


def push(connection: Connection, endpoint: str, name: str, rails: Guardrails) -> Guarded:
    """All of them or none: a gateway that refuses them for this model holds what it held before,
    or nothing where the workbench takes over."""
    former, wanted = _present(connection, endpoint, name), _guardrails(rails)
    if wanted is None:
        if former.guardrails:
            _put(connection, endpoint, name, former, None)
        return Guarded(frozenset(), "There are no guardrails for the workspace to hold.")
    try:
        _put(connection, endpoint, name, former, wanted)
    except Invalid as refusal:
        left = left_to_us(rails, f"The workspace says: {str(refusal.__cause__).rstrip('.')}.")
        if former.guardrails:
            _put(connection, endpoint, name, former, None)
        return left
    return Guarded(rails.wanted, "The workspace's AI Gateway holds the guardrails.")


def _present(connection: Connection, endpoint: str, name: str) -> "AiGatewayConfig":
    """Limits, tables and all else that was set in the workspace: it is not ours to drop."""
    from databricks.sdk.service.serving import AiGatewayConfig

    with told(f"The guardrails of {name} cannot be read in the workspace"):
        found = connection.client.serving_endpoints.get(endpoint)
    return found.ai_gateway or AiGatewayConfig()


def _put(
    connection: Connection, endpoint: str, name: str, former: "AiGatewayConfig",
    guardrails: "AiGatewayGuardrails | None",
) -> None:  # fmt: skip
    with told(f"The guardrails of {name} cannot be set in the workspace"):
        connection.client.serving_endpoints.put_ai_gateway(
            endpoint,
            guardrails=guardrails,
            fallback_config=former.fallback_config,
            inference_table_config=former.inference_table_config,
            rate_limits=former.rate_limits,
            usage_tracking_config=former.usage_tracking_config,
        )


def _guardrails(rails: Guardrails) -> "AiGatewayGuardrails | None":
    """The same rules for what goes in and what comes out; topics are of questions only."""
    from databricks.sdk.service import serving as sv

    if not rails.wanted:
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
