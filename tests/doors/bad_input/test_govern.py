"""GOVERN: roles, tokens and orgs that are not, and the last administrator."""

import pytest

from tests.doors.bad_input.world import Case, World, refused

TOKEN = {"title": "x", "scopes": {"sheets": "read"}}
CASES = [
    Case("unknown role", "PUT /members", 422, "role", "Roles: admin",
         {"principal": "x", "role": "king"}),
    Case("unknown kind", "PUT /members", 422, "kind", "must be 'user' or 'group'",
         {"principal": "x", "role": "admin", "kind": "robot"}),
    Case("role that nobody has", "DELETE /members", 404, "principal", "List members",
         query={"principal": "x", "role": "admin"}),
    Case("unknown feature", "PUT /roles", 422, "feature", "Features: sheets",
         {"role": "labeler", "feature": "parties", "level": "read"}),
    Case("unknown level", "PUT /roles", 422, "level", "must be 'none'",
         {"role": "labeler", "feature": "sheets", "level": "god"}),
    Case("administrators without rights", "PUT /roles", 422, "level", "must keep admin",
         {"role": "admin", "feature": "admin", "level": "none"}),
    Case("org taken", "POST /orgs", 409, "id", "Choose another", {"id": "default", "title": "x"}),
    *(Case(f"org called {name[:12]!r}", "POST /orgs", 422, "id", "must be 2 to 31 lower-case",
           {"id": name, "title": "x"})
      for name in ("", "A", "a'; --", "a\n", "🧸", "a/b", "x" * 10_000)),
    Case("token of nothing", "POST /tokens", 422, "scopes", "give at least one",
         TOKEN | {"scopes": {}}),
    Case("token of an unknown feature", "POST /tokens", 422, "scopes", "Features: admin",
         TOKEN | {"scopes": {"x" * 10_000: "read"}}),
    Case("token of an unknown level", "POST /tokens", 422, "scopes.sheets", "must be 'read'",
         TOKEN | {"scopes": {"sheets": "god"}}),
    Case("token without end", "POST /tokens", 422, "days", "less than or equal to 3650",
         TOKEN | {"days": 10**9}),
    Case("audit since never", "GET /audit", 422, "since", "must be a valid datetime",
         query={"since": "never"}),
    Case("audit before all", "GET /audit", 422, "since", "correct it",
         query={"since": "0001-01-01T00:00:00+14:00"}),
    Case("audit of an unknown outcome", "GET /audit", 422, "outcome", "must be 'done'",
         query={"outcome": "lost"}),
    Case("lineage of nothing", "GET /lineage", 404, "entity_id", "list entities",
         query={"entity_type": "sheet", "entity_id": "{unknown}"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_refused(world: World, case: Case) -> None:
    refused(world, case)


def test_the_last_administrator_stays(world: World) -> None:
    me = {"principal": world.bench.local_caller().user, "role": "admin"}
    case = Case("", "DELETE /members", 422, "principal", "Name another one first", query=me)
    refused(world, case)
