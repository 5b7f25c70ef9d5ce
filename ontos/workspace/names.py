"""Names that cross the border to a catalog or a disk."""

import re
from pathlib import PurePosixPath

from ontos.kernel.errors import Invalid
from ontos.warehouse.names import quote, split_name

_PART = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_OWN = frozenset({"ontos_system", "information_schema", "pg_catalog"})
_ORG = re.compile(r"[a-z][a-z0-9_]{0,59}")


def three_parts(full_name: str) -> tuple[str, str, str] | None:
    """Catalog, schema and table of `a.b.c`, backquoted or not; None for anything else."""
    parts, at = [], 0
    while match := _PART.match(full_name, at):
        parts.append(match[1].replace("``", "`") if match[1] else match[2])
        at = match.end()
        if at == len(full_name):
            return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None
        if full_name[at] != ".":
            return None
        at += 1
    return None


def org_name(org: str) -> str:
    """The org, where it can name a schema and a folder."""
    if not _ORG.fullmatch(org):
        raise Invalid(
            f"{org[:60]!r} cannot name an org: use lower-case letters, digits and underscores, "
            "a letter first, at most 60.",
            field="org",
        )
    return org


def run_name(run_key: str) -> str:
    """The key of a run, where it can name a folder."""
    if not _RUN.fullmatch(run_key):
        raise Invalid(
            f"{run_key[:60]!r} cannot name a run: use letters, digits, - and _.", field="run_key"
        )
    return run_key


def visible(schema: str, org: str) -> bool:
    """Whether an org's people see a schema of the workbench's catalog: their uploads, and what
    belongs to no org; never the workbench's own tables."""
    name = schema.lower()
    return name == f"data_{org}" or not (name in _OWN or name.startswith(("org_", "data_")))


def grants(table: str, principal: str) -> str:
    """The statements that let somebody read a table of three names, for its owner to copy."""
    parts, to = split_name(table), quote(principal)
    return (
        f"GRANT USE CATALOG ON CATALOG {quote(*parts[:1])} TO {to}; "
        f"GRANT USE SCHEMA ON SCHEMA {quote(*parts[:2])} TO {to}; "
        f"GRANT SELECT ON TABLE {quote(*parts)} TO {to}"
    )


def relative_path(path: str) -> str:
    """The path in normal form, `a/b.csv`; refuses what could leave the volume."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or "\\" in path or any(ord(letter) < 32 for letter in path):
        raise wrong_path(path, "give a plain path such as folder/file.csv")
    if any(part.startswith(".") for part in parts):
        raise wrong_path(path, "no part may start with a dot")
    if any(len(part.encode()) > 255 for part in parts):
        raise wrong_path(path, "a name in it is longer than 255 bytes; shorten it")
    return "/".join(parts)


def wrong_path(path: str, why: str) -> Invalid:
    return Invalid(f"The path {path[:200]!r} is not usable: {why}.", field="path")
