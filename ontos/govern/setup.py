"""Setup: whether everything is there that the workbench needs, and how to mend what is not."""

from typing import Literal

from ontos.govern.projects import in_common
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, Refused
from ontos.kernel.fields import Name, Record
from ontos.kernel.operation import operation
from ontos.kernel.permission import admin


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
    return [SetupFinding.model_validate(vars(f)) for f in caller.workspace.setup.findings()]


@operation("POST /setup/{key}", needs=admin("admin"))
def make_setup(caller: Caller, key: Name) -> SetupFinding:
    """Make what is missing where it may be made; answers what is found there afterwards."""
    in_common(caller, "Schemas, volumes and scopes are made")
    caller.workspace.setup.make(key)
    now = next((found for found in check_setup(caller) if found.key == key), None)
    if now is None:
        raise NotFound(f"key: nothing is called {key} any more. Check the setup.", field="key")
    if now.state == "missing" and now.can_make:
        raise Refused(f"{now.title} was asked for and is still missing: {now.found}", field="key")
    return now
