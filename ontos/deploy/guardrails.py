"""Guardrails of an endpoint: what it lets pass, and who holds each of them.

The workspace holds what it takes; of the rest the workbench holds what it can, for whatever is
asked through it. What nobody can hold is refused: a guardrail is in force, or it is not there.
"""

from typing import Any

from pydantic import BaseModel, Field

from ontos.deploy import pii
from ontos.deploy.endpoints import get_endpoint
from ontos.deploy.rails import Holder, Rails
from ontos.deploy.stored import Endpoint, require_changeable, save
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict
from ontos.kernel.fields import Input, Name
from ontos.kernel.operation import operation
from ontos.kernel.permission import read, write
from ontos.workspace import Pii


class GuardrailSpec(Input):
    """All guardrails at once: one left out is not in force any more.

    `keywords` must not occur in questions or answers, in any case and also within words; `topics`
    are those allowed. `version` refuses to overwrite somebody else's change.
    """

    pii: Pii = "NONE"
    safety: bool = False
    keywords: list[Name] = Field(default_factory=list, max_length=200)
    topics: list[Name] = Field(default_factory=list, max_length=50)
    calls_per_minute: int | None = Field(None, ge=1, le=1_000_000, description="Of each user.")
    version: int | None = None


class EndpointGuardrails(BaseModel):
    """`held` says who holds each guardrail in force. `pii_kinds` are those that are found where
    the workbench holds `pii`; `version` is the endpoint's."""

    endpoint_name: str
    pii: Pii
    safety: bool
    keywords: list[str]
    topics: list[str]
    calls_per_minute: int | None
    held: dict[str, Holder]
    message: str | None
    pii_kinds: list[str]
    version: int


@operation("GET /deployment/endpoints/{endpoint_name}/guardrails", needs=read("deploy"))
def get_guardrails(caller: Caller, endpoint_name: str) -> EndpointGuardrails:
    """What an endpoint lets pass, and who sees to it."""
    return guardrails_of(get_endpoint(caller, endpoint_name))


@operation("PUT /deployment/endpoints/{endpoint_name}/guardrails", needs=write("deploy"))
def set_guardrails(caller: Caller, endpoint_name: str, spec: GuardrailSpec) -> EndpointGuardrails:
    """Put guardrails in force in place of the former ones, or refuse what nobody can hold."""
    endpoint = get_endpoint(caller, endpoint_name)
    require_changeable(endpoint, spec.version)
    rails = hold(caller, endpoint.name, Rails(**spec.model_dump(exclude={"version"})))
    try:
        return guardrails_of(save(caller, endpoint, guardrails=rails if rails.held else None))
    except Conflict:
        # The other change is the one that is written down: the workspace shall hold that.
        hold(caller, endpoint.name, get_endpoint(caller, endpoint_name).guardrails or Rails())
        raise


def hold(caller: Caller, endpoint_name: str, rails: Rails) -> Rails:
    """Hand to the workspace what it takes; raises Refused for what nobody can hold."""
    pushed = caller.workspace.serving.guard(endpoint_name, rails.handed_down)
    held: dict[str, Any] = {
        name: "workspace" if name in pushed.held else "workbench" for name in _set(rails)
    }
    return rails.model_copy(update={"held": held, "message": pushed.message if held else None})


def _set(rails: Rails) -> list[str]:
    own = ["calls_per_minute"] if rails.calls_per_minute else []
    return [*sorted(rails.handed_down.wanted), *own]


def guardrails_of(endpoint: Endpoint) -> EndpointGuardrails:
    rails = endpoint.guardrails or Rails()
    return EndpointGuardrails(
        endpoint_name=endpoint.name, version=endpoint.version, pii_kinds=list(pii.KINDS),
        **rails.model_dump(),
    )  # fmt: skip
