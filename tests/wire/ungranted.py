"""A workspace on the day after `bundle deploy`: the app is there, and nobody has granted it much.

The catalog, the schema of uploads and its volume belong to whoever deployed. An administrator
follows what the workbench says: `follow` runs the statements that it shows.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from databricks.sdk.service import catalog as uc

from ontos.doors import process
from ontos.kernel.settings import settings
from tests.wire.duck import DuckEngine
from tests.wire.loop import NAME, PLACE, join
from tests.wire.place import PREFIX
from tests.wire.server import Warehouse
from tests.wire.workspace.server import Workspace, serve

DEPLOYER = "dana@example.org"
_GRANT = re.compile(r"GRANT ([A-Z, ]+) ON ([A-Z]+) ([^ ]+) TO `([^`]+)`;")


@dataclass(frozen=True)
class Ungranted:
    workspace: Workspace
    warehouse: Warehouse

    @property
    def app(self) -> str:
        return self.workspace.people.app.name

    def follow(self, statements: Iterable[str]) -> list[str]:
        """Run each GRANT that stands alone; those that were run."""
        done = []
        for statement in statements:
            if found := _GRANT.fullmatch(statement):
                rights, kind, name, principal = found.groups()
                place = name.replace("`", "")
                self.workspace.catalog.grant(kind.lower(), place, principal, *rights.split(", "))
                done.append(statement)
        return done


@contextmanager
def ungranted(root: Path, **env: str) -> Iterator[Ungranted]:
    """The environment is that of the app; no workbench is left of this process."""
    engine = DuckEngine(root / "unity.duckdb")
    warehouse = Warehouse(PREFIX + NAME, engine)
    with serve(root / "workspace") as workspace, pytest.MonkeyPatch.context() as environment:
        deployed(workspace)
        join(workspace, warehouse, engine)
        for name, value in (workspace.env() | chosen(warehouse, root) | env).items():
            environment.setenv(name, value)
        _fresh()
        try:
            yield Ungranted(workspace, warehouse)
        finally:
            process.close()
            _fresh()
            engine.close()


def deployed(workspace: Workspace) -> None:
    """What the bundle makes, and the one right that it gives: to write to the volume."""
    catalog, people = workspace.catalog, workspace.people
    people.app = replace(people.app, groups=frozenset(), admin=False)
    catalog.add_schema(PLACE, DEPLOYER)
    name, schema = PLACE.split(".")
    catalog.add_volume(uc.VolumeInfo(
        catalog_name=name, schema_name=schema, name="files", full_name=f"{PLACE}.files",
        owner=DEPLOYER, volume_type=uc.VolumeType.MANAGED,
    ))  # fmt: skip
    catalog.grant("volume", f"{PLACE}.files", people.app.name, "WRITE_VOLUME")


def chosen(warehouse: Warehouse, root: Path) -> dict[str, str]:
    return {
        "ONTOS_HOME": str(root / "home"), "ONTOS_WAREHOUSE": "databricks",
        "ONTOS_WORKSPACE": "databricks", "ONTOS_HTTP_PATH": warehouse.path,
        "ONTOS_LOG_LEVEL": "ERROR",
    }  # fmt: skip


def _fresh() -> None:
    settings.cache_clear()
    process.use(None)
