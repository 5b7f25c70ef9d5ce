"""Shares of the requests as rows keep them and as people send them: percent by version."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from ontos.kernel.errors import Invalid
from ontos.workspace.traffic import MOST_VERSIONS, answering


def _stored(value: Any, info: ValidationInfo) -> Any:
    """A row from before traffic could be shared has none: its version answered everything."""
    if value is None:
        only = info.data.get("model_version")
        return {only: 100} if only else {}
    return json.loads(value) if isinstance(value, str) else value


Shares = Annotated[dict[str, int], BeforeValidator(_stored)]
"""Of a record, declared after its `model_version`; versions with 0 are loaded all the same."""

Percent = Annotated[int, Field(strict=True, ge=0, le=100)]


def require_shares(traffic: Mapping[str, int]) -> None:
    """Raises Invalid where they are not the split of an endpoint's requests."""
    if not 1 <= len(traffic) <= MOST_VERSIONS:
        raise Invalid(
            f"traffic: names {len(traffic)} versions. An endpoint keeps at most {MOST_VERSIONS} "
            "loaded: name one or two.",
            field="traffic",
        )
    if (total := sum(traffic.values())) != 100:
        raise Invalid(
            f"traffic: the shares sum to {total}. Give whole percents that make 100.",
            field="traffic",
        )


def said(traffic: Mapping[str, int]) -> str:
    """`version 2 answers`, or `version 2 answers 90 %, version 1 10 %`: the largest first."""
    shares = sorted(answering(traffic).items(), key=lambda each: -each[1])
    if not shares:
        return "no version answers yet"
    (version, share), *rest = shares
    first = f"version {version} answers" + (f" {share} %" if rest else "")
    return ", ".join([first, *(f"version {version} {share} %" for version, share in rest)])
