"""Types of the values that people and programs send in, with messages that help."""

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

# Every character that breaks a line or steers a device, those beyond ASCII included.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ID = re.compile(r"[0-9a-f]{32}")
_SHOULD = re.compile(r"^(Input|List) should")


def _name(value: str) -> str:
    value = value.strip()
    if len(value) > 200:
        raise ValueError(f"has {len(value)} characters: use at most 200")
    if _CONTROL.search(value):
        raise ValueError("holds a line break or control character: use one line of text")
    if not any(c.isprintable() and c != " " for c in value):
        raise ValueError("is empty: give a name")
    return value


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError("is not an id: give the 32 hexadecimal digits that lists return")
    return value


def _from_text(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def _moment(at: datetime) -> datetime:
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the years 1 to 9999 in UTC: correct it") from error


Name = Annotated[str, AfterValidator(_name)]
"""One line of 1 to 200 characters; quotes, semicolons and emoji are fine."""

Id = Annotated[str, AfterValidator(_id)]
"""32 hexadecimal digits."""

Text = Annotated[str, Field(max_length=100_000)]
"""Free text up to 100,000 characters."""

Reason = Annotated[str, Field(max_length=2_000)]

Moment = Annotated[datetime, AfterValidator(_moment)]
"""A time in UTC; what comes without an offset is taken for UTC."""

STORED = BeforeValidator(_from_text)
"""Of a record's list or object: the warehouse keeps it as JSON text."""

Limit = Annotated[int, Field(ge=1, le=1000, description="Rows in one page.")]


class Input(BaseModel):
    """What a caller sends: an unknown field is an error, not silently dropped."""

    model_config = ConfigDict(extra="forbid")


class Record(BaseModel):
    """What the workbench answers: built from a warehouse row, which may carry more columns."""

    model_config = ConfigDict(extra="ignore")


def new_id() -> str:
    """A fresh id; ids made later sort later (to the millisecond)."""
    return id_at(datetime.now(UTC).timestamp()) + uuid.uuid4().hex[12:]


def id_at(seconds: float) -> str:
    """How ids begin that are made then, which is less than all of them."""
    return f"{int(seconds * 1000):012x}"


def made_at(key: str) -> float:
    """When an id was made, in seconds of the epoch."""
    return int(key[:12], 16) / 1000


def now() -> datetime:
    return datetime.now(UTC)


_SAID = {
    "missing": "is missing. Add it",
    "extra_forbidden": "is not known here. Correct its name, or leave it out",
    "model_type": "must be an object with named fields. Send one",
    "model_attributes_type": "must be an object with named fields. "
    "Send it as JSON, with Content-Type: application/json",
    "string_unicode": "holds half of a character (a lone surrogate). Send whole characters",
}
"""Our own words where pydantic's do not say what to do."""


def explain(errors: list[Any]) -> tuple[str, str]:
    """Field and message of the first of pydantic's errors."""
    first = errors[0]
    parts = (str(part)[:60] for part in first["loc"] if part not in ("body", "[key]"))
    field = ".".join(parts) or "body"
    message = _SAID.get(first["type"]) or str(first["msg"]).removeprefix("Value error, ")
    message = _SHOULD.sub("must", message).replace(" after validation", "").rstrip(".")
    rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return field, f"{field}: {message}{rest}."
