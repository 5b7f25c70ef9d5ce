"""The local half put together, one set of parts for each tenant of a home folder."""

import threading
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from ontos.warehouse.protocol import Warehouse
from ontos.workspace.local.catalog import LocalCatalog
from ontos.workspace.local.compute import LocalCompute
from ontos.workspace.local.files import LocalFiles
from ontos.workspace.local.llm import LlmSettings, NoLlm, OpenAiLlm, api_key
from ontos.workspace.local.models import LocalModels
from ontos.workspace.local.people import LocalPeople
from ontos.workspace.local.secrets import LocalSecrets
from ontos.workspace.local.serving import LocalServing
from ontos.workspace.local.setup import LocalSetup
from ontos.workspace.names import org_name
from ontos.workspace.protocols import Llm, Workspace

_sharing = threading.Lock()


class _Parts(NamedTuple):
    """What holds models, processes and connections, and so exists once a process."""

    models: LocalModels
    serving: LocalServing
    compute: LocalCompute


class LocalSettings(LlmSettings, Protocol):
    """The settings that the local half reads."""

    @property
    def home(self) -> Path: ...


def local_workspace(settings: LocalSettings, warehouse: Warehouse, tenant: str) -> Workspace:
    """The workspace of one tenant: its own registry, endpoints, runs and files, in
    HOME/orgs/TENANT. A tenant is an org, or a project of it by the name ORG__PROJECT.

    Cheap: call it for each caller. Nothing is written before something is stored.
    """
    place = settings.home.resolve() / "orgs" / org_name(tenant)
    with _sharing:
        parts = _parts(place)
        llm = _llm(settings.llm_base_url, settings.llm_model, api_key(settings))
    return Workspace(
        catalog=LocalCatalog(warehouse, tenant),
        files=LocalFiles(place / "volume"),
        models=parts.models,
        serving=parts.serving,
        llm=llm,
        compute=parts.compute,
        secrets=LocalSecrets(),
        people=LocalPeople(),
        setup=LocalSetup(settings.home.resolve(), parts.models, settings),
    )


@cache
def _parts(place: Path) -> _Parts:
    models = LocalModels(place)
    return _Parts(models, LocalServing(place, models), LocalCompute(place))


@cache
def _llm(base_url: str | None, model: str | None, key: str | None) -> Llm:
    if not base_url or not model:
        return NoLlm()
    return OpenAiLlm(base_url, key, model)
