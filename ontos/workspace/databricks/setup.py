"""What the workbench needs of a Databricks workspace: looked for one by one, made where it may be.

Each finding names the exact GRANT or click that mends it. Rights are those granted to the app
itself or to what holds the thing; a grant to one of its groups cannot be seen from here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ontos.kernel.errors import Denied, NotFound, OntosError
from ontos.warehouse import quote, together
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.databricks.files import VOLUME
from ontos.workspace.databricks.secrets import LLM_KEY, SCOPE
from ontos.workspace.local.llm import LlmSettings
from ontos.workspace.protocols import Finding, Person, Secrets

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

TABLES = ("USE_SCHEMA", "CREATE_TABLE", "SELECT", "MODIFY")
UPLOADS = (*TABLES, "CREATE_VOLUME", "CREATE_MODEL", "EXECUTE")
FILES = ("READ_VOLUME", "WRITE_VOLUME")
ALL = {"ALL_PRIVILEGES"}
UNREACHED = "Set DATABRICKS_HOST and the app's credentials; inside Databricks Apps both are given."


@dataclass(frozen=True)
class DatabricksSetup:
    """`schemas` are those of the installation and of the tenant; the last holds its uploads."""

    connection: Connection
    catalog: str
    schemas: tuple[str, ...]
    warehouse: str
    llm: LlmSettings
    secrets: Secrets
    person: Person = field(default_factory=lambda: Person(""))

    def findings(self) -> list[Finding]:
        """All of them, side by side: one wait of three requests at most."""
        try:
            me = self._me()
        except OntosError as error:
            return [_missing("workspace", "Workspace", error.detail, UNREACHED)]
        last = self.schemas[-1]
        needed = [(name, TABLES) for name in self.schemas[:-1]] + [(last, UPLOADS)]
        checks: list[Callable[[], Finding]] = [
            self._warehouse,
            partial(self._catalog, me),
            *(partial(self._schema, me, name, rights) for name, rights in needed),
            partial(self._volume, me),
            partial(self._secrets, me),
            self._models, self._serving, self._llm, self._groups,
        ]  # fmt: skip
        found = _makeable(together(*checks), f"schema {last}")
        return [_ready("workspace", "Workspace", f"Signed in as {me}"), *found]

    def make(self, key: str) -> None:
        """Make a thing that is missing and may be made; raises NotFound for any other."""
        makers: dict[str, Callable[[], None]] = {
            "volume": self._make_volume, "secrets": self._make_scope,
            **{f"schema {name}": partial(self._make_schema, name) for name in self.schemas},
        }  # fmt: skip
        if key not in makers:
            raise NotFound(f"key: {key} cannot be made from here. Do what its remedy says.",
                           field="key")  # fmt: skip
        with told(f"The {key} cannot be made"):
            makers[key]()

    def _me(self) -> str:
        """The name by which the app is granted: the application id of its service principal."""
        return self.connection.ask(
            "The workspace does not say who the app is", lambda w: w.current_user.me().user_name
        ) or "the app"  # fmt: skip

    def _warehouse(self) -> Finding:
        found = partial(_found, "warehouse", "SQL warehouse")
        id_ = self.warehouse.rpartition("/")[2]
        return found(
            lambda: _state(self._client.warehouses.get(id_)),
            f"In SQL warehouses, open the one with the id {id_ or '(none is set)'}, and under "
            "Permissions let the app use it. ONTOS_HTTP_PATH names it.",
        )

    def _catalog(self, me: str) -> Finding:
        grant = f"GRANT USE CATALOG, CREATE SCHEMA ON CATALOG {quote(self.catalog)} TO {quote(me)};"
        return self._granted(
            me, "catalog", self.catalog, ("USE_CATALOG", "CREATE_SCHEMA"), "catalog", "Catalog",
            f"CREATE CATALOG IF NOT EXISTS {quote(self.catalog)}; {grant}", grant,
        )  # fmt: skip

    def _schema(self, me: str, name: str, rights: tuple[str, ...]) -> Finding:
        full = f"{self.catalog}.{name}"
        words = ", ".join(right.replace("_", " ") for right in rights)
        grant = f"GRANT {words} ON SCHEMA {quote(self.catalog, name)} TO {quote(me)};"
        create = f"CREATE SCHEMA {quote(self.catalog, name)}; {grant}"
        return self._granted(
            me, "schema", full, rights, f"schema {name}", f"Schema {name}", create, grant
        )

    def _granted(
        self, me: str, kind: str, full: str, rights: tuple[str, ...], key: str, title: str,
        create: str, grant: str,
    ) -> Finding:  # fmt: skip
        """Whether the securable is there, and whether the app owns it or has the rights."""
        family = getattr(self._client, f"{kind}s")
        get = family.read if kind == "volume" else family.get
        try:
            with told(f"{full} cannot be read"):
                owner = get(full).owner
                held = ALL if owner == me else self._held(kind, full, me)
        except NotFound:
            return _missing(key, title, f"{full} is not there.", create, kind != "catalog")
        except Denied as error:
            return _missing(key, title, error.detail, grant)
        lacking = [] if ALL & held else [r.replace("_", " ") for r in rights if r not in held]
        if lacking:
            return _missing(key, title, f"The app lacks {', '.join(lacking)} on {full}.", grant)
        return _ready(key, title, f"{full}, owned by {owner}")

    def _held(self, kind: str, full: str, me: str) -> set[str]:
        found = self._client.grants.get_effective(kind.upper(), full, principal=me)
        return {
            privilege.privilege.value
            for assigned in found.privilege_assignments or ()
            for privilege in assigned.privileges or ()
            if privilege.privilege
        }

    def _volume(self, me: str) -> Finding:
        """That it is there is not enough: files are written to it and read from it."""
        name = quote(self.catalog, self.schemas[-1], VOLUME)
        grant = f"GRANT READ VOLUME, WRITE VOLUME ON VOLUME {name} TO {quote(me)};"
        return self._granted(
            me, "volume", f"{self.catalog}.{self.schemas[-1]}.{VOLUME}", FILES, "volume", "Volume",
            f"CREATE VOLUME {name}; {grant}", grant,
        )  # fmt: skip

    def _models(self) -> Finding:
        place = {"catalog_name": self.catalog, "schema_name": self.schemas[-1]}

        def count() -> str:
            listed = self._client.registered_models.list(**place)
            return f"{sum(1 for _ in listed):,} models in {'.'.join(place.values())}"

        return _found("models", "Model registry", count, "Make the schema of the uploads first.")

    def _serving(self) -> Finding:
        return _found(
            "serving", "Model serving",
            lambda: f"{sum(1 for _ in self._client.serving_endpoints.list()):,} endpoints seen",
            "Turn on model serving for the workspace, in Settings > Compute.",
        )  # fmt: skip

    def _llm(self) -> Finding:
        name, elsewhere = self.llm.llm_model, self.llm.llm_base_url
        if not name:
            return Finding("llm", "Generation", "optional", "No endpoint generates responses.",
                           "Set ONTOS_LLM_MODEL to a serving endpoint, to generate.")  # fmt: skip
        if elsewhere:
            return _ready("llm", "Generation", f"{name} at {elsewhere}")
        return _found(
            "llm", "Generation",
            lambda: f"{name}, {_state(self._client.serving_endpoints.get(name))}",
            f"In Serving, open {name}, and under Permissions let the app query it.",
        )  # fmt: skip

    def _groups(self) -> Finding:
        """Roles come from groups, which only the person's own token tells."""
        if not self.person.token:
            return Finding(
                "groups", "Groups of people", "optional",
                "The proxy forwards no token, so roles go by each person's name.",
                "In the app's settings turn on user authorization, with the scopes of "
                "databricks.yml, then sign in again.",
            )  # fmt: skip
        known = len(self.person.groups)
        named = "1 group" if known == 1 else f"{known:,} groups"
        return _ready("groups", "Groups of people", f"You are in {named}")

    def _secrets(self, me: str) -> Finding:
        """The one secret is the key of a language model outside of the workspace."""
        if not (self.llm.llm_base_url and self.llm.llm_model):
            unused = "Not used: no language model outside of the workspace is asked."
            return Finding("secrets", "Secrets", "optional", unused)
        if self.llm.llm_api_key:
            return _ready("secrets", "Secrets", "ONTOS_LLM_API_KEY gives the language model's key")
        try:
            if self.secrets.get(LLM_KEY):
                return _ready("secrets", "Secrets", f"Key {LLM_KEY} in scope {SCOPE}")
            scopes = {scope.name for scope in self._client.secrets.list_scopes()}
        except OntosError as error:
            return _missing("secrets", "Secrets", error.detail,
                            f"databricks secrets put-acl {SCOPE} {me} READ")  # fmt: skip
        put = f"databricks secrets put-secret {SCOPE} {LLM_KEY}"
        if SCOPE not in scopes:
            put = f"databricks secrets create-scope {SCOPE} && {put}"
        return Finding("secrets", "Secrets", "optional",
                       "No key is given; a language model that asks for one refuses.",
                       put, SCOPE not in scopes)  # fmt: skip

    def _make_schema(self, name: str) -> None:
        self._client.schemas.create(name, self.catalog)

    def _make_volume(self) -> None:
        from databricks.sdk.service.catalog import VolumeType

        self._client.volumes.create(self.catalog, self.schemas[-1], VOLUME, VolumeType.MANAGED)

    def _make_scope(self) -> None:
        self._client.secrets.create_scope(SCOPE)

    @property
    def _client(self) -> "WorkspaceClient":
        return self.connection.client


def _makeable(found: Sequence[Finding], schema: str) -> list[Finding]:
    """What lies in a catalog that is not the app's to use cannot be made, nor what lies in that.

    `schema` is the key of the one that holds the volume.
    """
    by_key = {each.key: each for each in found}
    usable = by_key["catalog"].state == "ready"
    holds = usable and (by_key[schema].state == "ready" or by_key[schema].can_make)

    def may(each: Finding) -> bool:
        if each.key == "volume":
            return holds
        return usable if each.key.startswith("schema ") else True

    return [replace(each, can_make=each.can_make and may(each)) for each in found]


def _state(found: object) -> str:
    """The state that an answer of the SDK speaks of, in lower-case words."""
    state = getattr(found, "state", None)
    value = getattr(getattr(state, "ready", None) or state, "value", "there")
    return str(value).lower().replace("_", " ")


def _ready(key: str, title: str, found: str) -> Finding:
    return Finding(key, title, "ready", found)


def _missing(key: str, title: str, found: str, remedy: str, can_make: bool = False) -> Finding:
    return Finding(key, title, "missing", found, remedy, can_make)


def _found(
    key: str, title: str, look: Callable[[], str], remedy: str, can_make: bool = False
) -> Finding:
    """Ready with what `look` says; missing with why it could not."""
    try:
        with told(f"{title} cannot be read"):
            return _ready(key, title, look())
    except NotFound as error:
        return _missing(key, title, error.detail, remedy, can_make)
    except OntosError as error:
        return _missing(key, title, error.detail, remedy)
