"""What becomes of guardrails that the workspace does not hold: the same rules for both halves."""

from ontos.kernel.errors import Refused
from ontos.workspace.protocols import Guarded, Guardrails

BEYOND_US = ("safety", "topics")
"""To hold these takes a model that judges; the workbench has none of its own."""


def left_to_us(rails: Guardrails, why: str) -> Guarded:
    """Nothing is held by the workspace; raises Refused where the workbench cannot hold it either.

    `why` is a sentence about the workspace.
    """
    for name in BEYOND_US:
        if name in rails.wanted:
            raise Refused(
                f"{name}: nobody can hold this guardrail here. {why} The workbench itself holds "
                "keywords, pii and calls_per_minute: use these, and leave this one out.",
                field=name,
            )
    return Guarded(frozenset(), why)
