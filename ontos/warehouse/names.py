"""Identifiers: quoted by one function, taken apart by another."""

import re

from ontos.kernel.errors import Invalid

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PART = re.compile(r"`((?:[^`]|``)+)`|([^`.]+)")


def quote(*parts: str) -> str:
    """`` `catalog`.`schema`.`table` ``: the only way in which a name enters a SQL text."""
    return ".".join(f"`{_checked(part).replace('`', '``')}`" for part in parts)


def split_name(name: str) -> tuple[str, ...]:
    """The parts of a dotted name; parts in backticks may hold dots."""
    parts, at = [], 0
    while True:
        found = _PART.match(name, at)
        if found is None:
            raise Invalid(f"{name[:80]!r} is not a name: write catalog.schema.table.", field="name")
        parts.append(found[1].replace("``", "`") if found[1] else found[2])
        at = found.end()
        if at == len(name):
            return tuple(parts)
        if name[at] != ".":
            raise Invalid(f"{name[:80]!r} is not a name: write catalog.schema.table.", field="name")
        at += 1


def _checked(part: str) -> str:
    if not part or len(part) > 255 or _CONTROL.search(part):
        raise Invalid(
            f"{part[:60]!r} cannot name anything: use 1 to 255 characters on one line.", field="name"
        )
    return part
