"""Unity Catalog: catalogs, schemas, tables, volumes, and who may see what."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk.service import catalog as uc

from ontos.workspace.protocols import Table
from tests.wire.workspace.http import Person, Refusal, Request, Routes, denied, missing

_UC = "/api/2.1/unity-catalog"
_NEEDED = {"table": "SELECT", "volume": "READ_VOLUME", "function": "EXECUTE"}


@dataclass
class Catalog:
    """Securables by kind and full name. Who owns one, or administers, needs no grant.

    Several requests ask at once: `infos` is replaced as a whole and never changed, so that each
    answers from the catalog that it has seen.
    """

    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    infos: dict[tuple[str, str], Any] = field(default_factory=dict)
    engine: Callable[[], Iterable[Table]] | None = None
    """Tells the tables of the SQL warehouse, where there is one: one catalog for both servers."""

    grants: dict[tuple[str, str], dict[str, set[str]]] = field(default_factory=dict)
    _changing: threading.RLock = field(default_factory=threading.RLock)

    def add_schema(self, full_name: str, owner: str = "app-id") -> None:
        """A schema, with its catalog where that is new."""
        name, schema = full_name.split(".")
        self._keep("catalog", name, uc.CatalogInfo(name=name, owner=owner))
        info = uc.SchemaInfo(name=schema, catalog_name=name, full_name=full_name, owner=owner)
        self._keep("schema", full_name, info)

    def add_table(self, full_name: str, columns: dict[str, str], comment: str | None = None,
                  owner: str = "app-id") -> None:  # fmt: skip
        name, schema, table = full_name.split(".")
        self.add_schema(f"{name}.{schema}")
        kept = [
            uc.ColumnInfo(name=column, type_text=kind.lower(), nullable=True, position=at)
            for at, (column, kind) in enumerate(columns.items())
        ]
        info = uc.TableInfo(
            catalog_name=name, schema_name=schema, name=table, full_name=full_name, comment=comment,
            columns=kept, owner=owner, table_type=uc.TableType.MANAGED,
        )  # fmt: skip
        self._keep("table", full_name, info)

    def add_volume(self, info: uc.VolumeInfo) -> None:
        self._keep("volume", info.full_name or "", info)

    def grant(self, kind: str, full_name: str, principal: str, *privileges: str) -> None:
        named = self.grants.setdefault((kind, full_name), {}).setdefault(principal, set())
        named.update(privilege.replace(" ", "_") for privilege in privileges)

    def drop(self, kind: str, full_name: str) -> None:
        with self._changing:
            self.infos = {at: info for at, info in self.infos.items() if at != (kind, full_name)}
            self.owners.pop((kind, full_name), None)
            self.grants.pop((kind, full_name), None)

    def has(self, kind: str, full_name: str) -> bool:
        return (kind, full_name) in self.infos

    def allowed(self, person: Person, privilege: str, kind: str, full_name: str) -> bool:
        """Granted on it, or on the schema or catalog that it lies in."""
        if person.admin:
            return True
        who = {person.name, *person.groups, "account users"}
        for place in _lineage(kind, full_name):
            held = self.grants.get(place, {})
            granted = set().union(*(held.get(name, set()) for name in who))
            enough = {privilege} if privilege == "MANAGE" else {privilege, "ALL_PRIVILEGES"}
            if self.owners.get(place) in who or granted & enough:
                return True
        return False

    def check(self, person: Person, privilege: str, kind: str, full_name: str) -> None:
        """Raises what Unity Catalog says: first USE CATALOG and USE SCHEMA, then the privilege."""
        parts = full_name.split(".")
        needed = [("catalog", parts[0], "USE_CATALOG")]
        if len(parts) > 1:
            needed.append(("schema", ".".join(parts[:2]), "USE_SCHEMA"))
        for place, name, wanted in [*needed, (kind, full_name, privilege)]:
            if not self.allowed(person, wanted, place, name):
                said = wanted.replace("_", " ")
                raise denied(f"User does not have {said} on {place.capitalize()} '{name}'.")

    def visible(self, person: Person, kind: str, full_name: str) -> bool:
        privilege = _NEEDED.get(kind, f"USE_{kind.upper()}")
        try:
            self.check(person, privilege, kind, full_name)
        except Refusal:
            return False
        return True

    def _follow(self) -> dict[tuple[str, str], Any]:
        """All there is, with the tables of the warehouse as they are now."""
        if self.engine is None:
            return self.infos
        with self._changing:
            self.infos = {at: info for at, info in self.infos.items() if at[0] != "table"}
            for table in self.engine():
                columns = {column.name: column.type for column in table.columns}
                self.add_table(table.full_name, columns, table.comment)
            return self.infos

    def routes(self) -> Routes:
        return [
            ("GET", f"{_UC}/catalogs", lambda r: self._list(r, "catalog", "catalogs")),
            ("GET", f"{_UC}/catalogs/{{name}}", lambda r: self._get(r, "catalog")),
            ("GET", f"{_UC}/schemas", lambda r: self._list(r, "schema", "schemas")),
            ("POST", f"{_UC}/schemas", self._create_schema),
            ("GET", f"{_UC}/schemas/{{name}}", lambda r: self._get(r, "schema")),
            ("GET", f"{_UC}/tables", lambda r: self._list(r, "table", "tables")),
            ("GET", f"{_UC}/tables/{{name}}", lambda r: self._get(r, "table")),
            ("GET", f"{_UC}/volumes", lambda r: self._list(r, "volume", "volumes")),
            ("POST", f"{_UC}/volumes", self._create_volume),
            ("GET", f"{_UC}/volumes/{{name}}", lambda r: self._get(r, "volume")),
            ("GET", f"{_UC}/permissions/{{kind}}/{{name}}", self._permissions),
            ("PATCH", f"{_UC}/permissions/{{kind}}/{{name}}", self._change_permissions),
            ("GET", f"{_UC}/effective-permissions/{{kind}}/{{name}}", self._effective),
        ]

    def _keep(self, kind: str, name: str, info: Any) -> None:
        with self._changing:
            self.infos = {(kind, name): info} | self.infos
        self.owners.setdefault((kind, name), info.owner)

    def _list(self, request: Request, kind: str, key: str) -> dict[str, list[Any]]:
        """Only what the person may use: a list is never refused for what lies in it."""
        infos = self._follow()
        place = ".".join(
            request.query[part] for part in ("catalog_name", "schema_name") if part in request.query
        )
        inside = f"{place}." if place else ""
        if place and ("schema" if "." in place else "catalog", place) not in infos:
            raise missing(f"'{place}' does not exist.", _code("schema" if "." in place else ""))
        names = sorted(
            name for known, name in infos
            if known == kind and name.startswith(inside) and "." not in name[len(inside):]
        )  # fmt: skip
        seen = (name for name in names if self.visible(request.person, kind, name))
        found = [infos[kind, name].as_dict() for name in seen]
        if request.query.get("omit_columns") == "true":
            found = [{k: v for k, v in each.items() if k != "columns"} for each in found]
        return {key: found}

    def _get(self, request: Request, kind: str) -> Any:
        name = request.given["name"]
        info = self._follow().get((kind, name))
        if info is None:
            raise missing(f"{kind.capitalize()} '{name}' does not exist.", _code(kind))
        self.check(request.person, _NEEDED.get(kind, f"USE_{kind.upper()}"), kind, name)
        return info

    def _create_schema(self, request: Request) -> Any:
        name, place = request.json["name"], request.json["catalog_name"]
        if not self.has("catalog", place):
            raise missing(f"Catalog '{place}' does not exist.", _code("catalog"))
        self.check(request.person, "CREATE_SCHEMA", "catalog", place)
        self.add_schema(f"{place}.{name}", request.person.name)
        return self.infos["schema", f"{place}.{name}"]

    def _create_volume(self, request: Request) -> uc.VolumeInfo:
        asked = request.json
        place = f"{asked['catalog_name']}.{asked['schema_name']}"
        name = f"{place}.{asked['name']}"
        if not self.has("schema", place):
            raise missing(f"Schema '{place}' does not exist.", _code("schema"))
        self.check(request.person, "CREATE_VOLUME", "schema", place)
        if self.has("volume", name):
            raise Refusal(409, "RESOURCE_ALREADY_EXISTS", f"Volume '{name}' already exists")
        info = uc.VolumeInfo(
            catalog_name=asked["catalog_name"], schema_name=asked["schema_name"], full_name=name,
            name=asked["name"], owner=request.person.name, volume_type=uc.VolumeType.MANAGED,
        )  # fmt: skip
        self.add_volume(info)
        return info

    def _permissions(self, request: Request) -> uc.GetPermissionsResponse:
        held = self.grants.get((request.given["kind"].lower(), request.given["name"]), {})
        return uc.GetPermissionsResponse(privilege_assignments=_assignments(held))

    def _change_permissions(self, request: Request) -> uc.UpdatePermissionsResponse:
        kind, name = request.given["kind"].lower(), request.given["name"]
        if not self.allowed(request.person, "MANAGE", kind, name):
            raise denied(f"User does not have MANAGE on {kind.capitalize()} '{name}'.")
        for change in request.json["changes"]:
            self.grant(kind, name, change["principal"], *change.get("add", []))
            held = self.grants[kind, name][change["principal"]]
            held.difference_update(change.get("remove", []))
        return uc.UpdatePermissionsResponse(
            privilege_assignments=_assignments(self.grants[kind, name])
        )

    def _effective(self, request: Request) -> uc.EffectivePermissionsList:
        found: dict[str, set[str]] = {}
        for place in _lineage(request.given["kind"].lower(), request.given["name"]):
            for principal, privileges in list(self.grants.get(place, {}).items()):
                found.setdefault(principal, set()).update(privileges)
        asked = request.query.get("principal")
        return uc.EffectivePermissionsList(privilege_assignments=[
            uc.EffectivePrivilegeAssignment(
                principal=principal,
                privileges=[uc.EffectivePrivilege(privilege=uc.Privilege(p)) for p in sorted(held)],
            )
            for principal, held in sorted(found.items()) if asked in (None, principal)
        ])  # fmt: skip


def _lineage(kind: str, full_name: str) -> Iterable[tuple[str, str]]:
    """The securable itself, then its schema and its catalog."""
    parts = full_name.split(".")
    yield kind, full_name
    if len(parts) == 3:
        yield "schema", ".".join(parts[:2])
    if len(parts) > 1:
        yield "catalog", parts[0]


def _assignments(held: dict[str, set[str]]) -> list[uc.PrivilegeAssignment]:
    return [
        uc.PrivilegeAssignment(principal, [uc.Privilege(p) for p in sorted(privileges)])
        for principal, privileges in sorted(held.items())
    ]


def _code(kind: str) -> str:
    return f"{kind.upper() or 'CATALOG'}_DOES_NOT_EXIST"
