"""Orgs: tenants, each with its own schema of workbench tables."""

import json
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from ontos.govern.projects import in_common
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict
from ontos.kernel.fields import Input, Name, Record
from ontos.kernel.operation import operation
from ontos.kernel.permission import VOID, admin, signed_in
from ontos.kernel.tenancy import add_org, key

LONGEST = 31
"""Characters in an org's id."""


class Org(Record):
    id: str
    title: str
    created_by: str
    created_at: datetime


class OrgSpec(Input):
    """`id` names the org's schemas."""

    id: Annotated[str, AfterValidator(key(LONGEST))]
    title: Name


@operation("GET /orgs", needs=signed_in())
def list_orgs(caller: Caller) -> list[Org]:
    """The orgs that you are a member of."""
    rows = caller.system.rows(
        "SELECT * FROM orgs WHERE id = :org OR id IN"
        " (SELECT org FROM members WHERE NOT startswith(role, :void)"
        " AND ((kind = 'user' AND lower(principal) = lower(:user)) OR (kind = 'group'"
        " AND array_contains(from_json(:groups, 'ARRAY<STRING>'), principal))))"
        " ORDER BY created_at, id",
        org=caller.org, user=caller.user, groups=json.dumps(sorted(caller.person.groups)),
        void=VOID,
    )  # fmt: skip
    return [Org(**row) for row in rows]


@operation("POST /orgs", needs=admin("admin"))
def create_org(caller: Caller, spec: OrgSpec) -> Org:
    """Make an org with its own tables; you become its administrator."""
    in_common(caller, "Orgs are made")
    if caller.system.rows("SELECT id FROM orgs WHERE id = :id", id=spec.id):
        raise Conflict(f"id: there is an org {spec.id} already. Choose another id.", field="id")
    add_org(caller.system, spec.id, spec.title, caller.user)
    return Org(**caller.system.rows("SELECT * FROM orgs WHERE id = :id", id=spec.id)[0])
