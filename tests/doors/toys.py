"""Small operations with every kind of parameter and result, for testing how doors are derived."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

from pydantic import Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, Unavailable
from ontos.kernel.fields import Id, Input, Limit, Name, Record, new_id
from ontos.kernel.jobs import KINDS, Run, enqueue, job
from ontos.kernel.operation import OPERATIONS, Operation, operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import admin, read, write
from ontos.kernel.transfer import Download, Upload

SHELF: dict[str, "Toy"] = {}


class Toy(Record):
    id: str
    name: str
    colour: str
    weight: float | None
    tags: list[str]
    sizes: dict[str, int]
    words: dict[str, str]
    parts: list["Part"]


class Part(Input):
    title: str


class ToySpec(Input):
    """`weight` in grams."""

    name: Name
    colour: Literal["red", "blue"] = "red"
    weight: float | None = Field(None, description="In grams.")
    loud: bool = False
    made_on: date | None = None
    path: str | None = None
    output: str | None = None
    table: str | None = None
    tags: list[str] = Field(default_factory=list)
    sizes: dict[str, int] = Field(default_factory=dict)
    words: dict[str, str] = Field(default_factory=dict)
    parts: list[Part] = Field(default_factory=list)


@operation("POST /toys", needs=write("sheets"))
def create_toy(caller: Caller, spec: ToySpec) -> Toy:
    """Put a toy on the shelf."""
    given = spec.model_dump(include={"name", "colour", "weight", "tags", "sizes", "words"})
    toy = Toy(id=new_id(), parts=spec.parts, **given)
    SHELF[toy.id] = toy
    return toy


@operation("GET /toys", needs=read("sheets"))
def list_toys(
    caller: Caller, colour: Literal["red", "blue"] | None = None, limit: Limit = 100,
    cursor: str | None = None,
) -> Page[Toy]:  # fmt: skip
    """The toys on the shelf, oldest first."""
    after = decode(cursor) or ""
    toys = [t for t in sorted(SHELF.values(), key=lambda t: t.id) if t.id > after]
    chosen = [t for t in toys if colour in (None, t.colour)]
    return page(chosen[: limit + 1], limit, lambda toy: toy.id)


@operation("GET /toys/{toy_id}", needs=read("sheets"))
def get_toy(caller: Caller, toy_id: Id) -> Toy:
    """One toy."""
    if toy_id not in SHELF:
        raise NotFound(f"There is no toy {toy_id}. List toys.", field="toy_id")
    return SHELF[toy_id]


@operation("DELETE /toys/{toy_id}", needs=admin("sheets"))
def delete_toy(caller: Caller, toy_id: Id) -> None:
    """Take a toy away."""
    SHELF.pop(get_toy(caller, toy_id).id)


@operation("POST /toys/files", needs=write("sheets"))
def upload_toys(caller: Caller, file: Upload, name: str = "toys") -> dict[str, Any]:
    """One toy a line."""
    lines = file.path.read_text("utf-8").splitlines()
    for line in lines:
        create_toy(caller, ToySpec(name=line[:200]))
    return {"to": name, "rows": len(lines), "file": file.name, "type": file.content_type}


@operation("GET /toys/export", needs=read("sheets"))
def export_toys(caller: Caller, lines: int = 3, broken: bool = False) -> Download:
    """Lines of text."""

    def chunks() -> Iterator[str]:
        if broken:
            raise Unavailable("The shelf does not answer. Try again.")
        for n in range(lines):
            yield f"toy ünit {n}\n"

    return Download("töys.txt", "text/plain", chunks())


@operation("GET /toys/weights", needs=read("sheets"))
def weigh_toys(caller: Caller) -> list[float]:
    """Figures, one of which JSON cannot hold."""
    return [1.5, float("nan")]


@operation("GET /toys/breakage", needs=read("sheets"))
def break_toys(caller: Caller) -> float:
    """Fails in a way that nobody foresaw."""
    return 1 / len([])


@operation("POST /toys/{toy_id}/polish", needs=write("sheets"))
def polish_toy(caller: Caller, toy_id: Id, times: int = 1, fail: bool = False) -> Toy:
    """Polish it in the background."""
    enqueue(caller, "polish", ("toy", toy_id), f"Polish {times} times", times=times, fail=fail)
    return get_toy(caller, toy_id)


@job("polish", title="Polish", resumable=False)
def polish(run: Run) -> str:
    if run.arguments["fail"]:
        raise Unavailable("The cloth is gone. Buy another.")
    SHELF[run.entity_id] = SHELF[run.entity_id].model_copy(update={"colour": "shiny"})
    return "polished"


def _taken_out() -> dict[str, Operation]:
    """Declared for this folder's tests alone, as if they were operations of the data stage."""
    made = [op for op in OPERATIONS.values() if op.function.__module__ == __name__]
    for op in made:
        op.function.__module__ = "ontos.data.toys"
    return {op.name: OPERATIONS.pop(op.name) for op in made}


TOYS = _taken_out()
POLISH = KINDS.pop("polish")
