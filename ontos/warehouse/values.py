"""Values that may be bound to a statement, on either engine."""

import re
from datetime import date
from decimal import Decimal

from ontos.kernel.errors import Invalid
from ontos.warehouse.protocol import Value

_BINDABLE = (str, int, float, bool, date, Decimal, type(None))
_SURROGATE = re.compile("[\ud800-\udfff]")


def bindable(name: str, value: Value) -> Value:
    """The value itself; raises Invalid, which names it, where no engine takes it."""
    if not isinstance(value, _BINDABLE):
        raise Invalid(
            f"{name}: a {type(value).__name__} cannot be bound. Send many values as JSON text and "
            "read them with from_json.",
            field=name,
        )
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        raise Invalid(f"{name}: the text holds half a character. Send valid Unicode.", field=name)
    return value
