"""Setup: whether everything is there that the workbench needs, and how to mend what is not."""

from typing import Literal

from ontos.govern.projects import in_common
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, Refused
from ontos.kernel.fields import Name, Record
from ontos.kernel.operation import operation
from ontos.kernel.permission import admin
from ontos.workspace import Setup


class SetupFinding(Record):
    """`remedy` is the exact GRANT, command or click; `can_make`: the workbench may do it itself."""

    key: str
    title: str
    state: Literal["ready", "missing", "optional"]
    found: str
    remedy: str | None
    can_make: bool


@operation("GET /setup", needs=admin("admin"))
def check_setup(caller: Caller) -> list[SetupFinding]:
    """Each thing that the workbench needs of its workspace, looked for now."""
    return found_by(caller.workspace.setup)


@operation("POST /setup/{key}", needs=admin("admin"))
def make_setup(caller: Caller, key: Name) -> SetupFinding:
    """Make what is missing where it may be made; answers what is found there afterwards."""
    in_common(caller, "Schemas, volumes and scopes are made")
    return made_by(caller.workspace.setup, key)


def found_by(setup: Setup) -> list[SetupFinding]:
    return [SetupFinding.model_validate(vars(found)) for found in setup.findings()]


def made_by(setup: Setup, key: str) -> SetupFinding:
    """Raises Refused where it is missing still."""
    setup.make(key)
    now = next((found for found in found_by(setup) if found.key == key), None)
    if now is None:
        raise NotFound(f"key: nothing is called {key} any more. Check the setup.", field="key")
    if now.state == "missing" and now.can_make:
        raise Refused(f"{now.title} was asked for and is still missing: {now.found}", field="key")
    return now
