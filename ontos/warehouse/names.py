"""Identifiers: quoted by one function, taken apart by another."""

import re

from ontos.kernel.errors import Invalid

LONGEST = 255
"""Characters in one part of a name; Unity Catalog takes no more."""

_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
_PART = re.compile(r"`((?:[^`]|``)*)`|([^`.]+)")


def quote(*parts: str) -> str:
    """`` `catalog`.`schema`.`table` ``: the only way in which a name enters a SQL text."""
    if not parts:
        raise Invalid("A name is missing: give at least one part.", field="name")
    return ".".join(f"`{_checked(part).replace('`', '``')}`" for part in parts)


def split_name(name: str) -> tuple[str, ...]:
    """The parts of a dotted name; parts in backticks may hold dots."""
    parts: list[str] = []
    at = 0
    while (found := _PART.match(name, at)) is not None:
        quoted, plain = found.groups()
        parts.append(plain if quoted is None else quoted.replace("``", "`"))
        at = found.end()
        if at == len(name):
            return tuple(map(_checked, parts))
        if name[at] != ".":
            break
        at += 1
    raise Invalid(f"{name[:80]!r} is not a name: write catalog.schema.table.", field="name")


def _checked(part: str) -> str:
    if not part or len(part) > LONGEST or _CONTROL.search(part):
        raise Invalid(
            f"{part[:60]!r} cannot name anything: use 1 to {LONGEST} characters on one line.",
            field="name",
        )
    return part
