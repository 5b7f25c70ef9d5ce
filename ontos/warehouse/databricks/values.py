"""Values as the connector binds them."""

from datetime import UTC, datetime

from ontos.warehouse.protocol import Value
from ontos.warehouse.values import bindable as checked


def bindable(name: str, value: Value) -> Value:
    """Times go as UTC; one without a zone is taken to be UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return checked(name, value)
