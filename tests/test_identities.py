"""Each operation declares as whom it reads tables that are not the workbench's own."""

import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ontos.bootstrap import declare
from ontos.data import access
from ontos.kernel.operation import OPERATIONS, Operation

declare()
BY_RIGHTS = {access.reader, access.require_select, access.readable}
IN_CATALOG = {"catalogs", "schemas", "tables", "table"}
"""What the catalog answers with the person's rights."""


def calls(function: Callable[..., Any], seen: set[object]) -> Iterator[types.CodeType]:
    """The code of a function and of all that it may call of ours, lambdas included."""
    plain = getattr(function, "__wrapped__", function)
    if plain in seen or not isinstance(plain, types.FunctionType):
        return
    seen.add(plain)
    for code in parts(plain.__code__):
        yield code
        for called in named(code, plain.__globals__):
            yield from calls(called, seen)


def parts(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from parts(inner)


def named(code: types.CodeType, known: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """What of ours the names in a piece of code stand for, also as attributes of our modules."""
    found = [known[name] for name in code.co_names if name in known]
    modules = [
        each for each in found if (getattr(each, "__package__", "") or "").startswith("ontos.")
    ]
    found += [getattr(m, name) for m in modules for name in code.co_names if hasattr(m, name)]
    for each in found:
        if getattr(each, "__module__", "").startswith("ontos.") and callable(each):
            yield each


def asks_as_the_person(op: Operation) -> bool:
    seen: set[object] = set()
    codes = list(calls(op.function, seen))
    return any(map(in_catalog, codes)) or bool(BY_RIGHTS & seen)


def in_catalog(code: types.CodeType) -> bool:
    """Whether it looks for more than one table among the uploads, which are the workbench's own."""
    names = {*code.co_names}
    looks = IN_CATALOG & names if "catalog" in names else set()
    return bool(looks - {"table"} if "upload_schema" in names else looks)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_reads_as_it_declares(name: str) -> None:
    op = OPERATIONS[name]
    assert (op.rights == "person") == asks_as_the_person(op), f"{name} declares {op.rights}"
