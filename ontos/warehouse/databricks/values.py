"""Values as the connector binds them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ontos.kernel.errors import Invalid
from ontos.warehouse.protocol import Value

_SURROGATE = re.compile("[\ud800-\udfff]")
_BINDABLE = (str, int, float, bool, date, Decimal, type(None))


def bindable(name: str, value: Value) -> Any:
    """Times go as UTC; one without a zone is taken to be UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if not isinstance(value, _BINDABLE):
        raise Invalid(
            f"{name}: a {type(value).__name__} cannot be bound. Send many values as JSON text and "
            "read them with from_json.",
            field=name,
        )
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        raise Invalid(f"{name}: the text holds half a character. Send valid Unicode.", field=name)
    return value
