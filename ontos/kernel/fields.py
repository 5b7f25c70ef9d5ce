"""Types of the values that people and programs send in, with messages that help."""

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ID = re.compile(r"[0-9a-f]{32}")


def _name(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("is empty: give a name")
    if len(value) > 200:
        raise ValueError(f"has {len(value)} characters: use at most 200")
    if _CONTROL.search(value):
        raise ValueError("holds a line break or control character: use one line of text")
    return value


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError("is not an id: ids are 32 hexadecimal digits, as lists return them")
    return value


Name = Annotated[str, AfterValidator(_name)]
"""One line of 1 to 200 characters; quotes, semicolons and emoji are fine."""

Id = Annotated[str, AfterValidator(_id)]
"""32 hexadecimal digits."""

Text = Annotated[str, Field(max_length=100_000)]
"""Free text up to 100,000 characters."""

Reason = Annotated[str, Field(max_length=2_000)]

Limit = Annotated[int, Field(ge=1, le=1000, description="Rows in one page.")]


class Input(BaseModel):
    """What a caller sends: an unknown field is an error, not silently dropped."""

    model_config = ConfigDict(extra="forbid")


class Record(BaseModel):
    """What the workbench answers: built from a warehouse row, which may carry more columns."""

    model_config = ConfigDict(extra="ignore")


def new_id() -> str:
    """A fresh id; ids made later sort later (to the millisecond)."""
    stamp = int(datetime.now(UTC).timestamp() * 1000)
    return f"{stamp:012x}{uuid.uuid4().hex[12:]}"


def now() -> datetime:
    return datetime.now(UTC)


def explain(errors: list[Any]) -> tuple[str, str]:
    """Field and message of the first of pydantic's errors."""
    first = errors[0]
    field = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    message = str(first["msg"]).removeprefix("Value error, ")
    rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return field, f"{field}: {message}{rest}"
