"""The Databricks half put together."""

from functools import cache, partial
from pathlib import Path
from typing import Protocol

from ontos.warehouse.protocol import Warehouse
from ontos.workspace.databricks.catalog import DatabricksCatalog
from ontos.workspace.databricks.client import Connection
from ontos.workspace.databricks.compute import DatabricksCompute
from ontos.workspace.databricks.files import DatabricksFiles
from ontos.workspace.databricks.llm import DatabricksLlm
from ontos.workspace.databricks.models import DatabricksModels
from ontos.workspace.databricks.people import DatabricksPeople
from ontos.workspace.databricks.secrets import LLM_KEY, DatabricksSecrets
from ontos.workspace.databricks.serving import DatabricksServing
from ontos.workspace.databricks.setup import DatabricksSetup
from ontos.workspace.local.llm import LlmSettings, NoLlm, OpenAiLlm, api_key
from ontos.workspace.names import org_name
from ontos.workspace.protocols import Llm, Person, Secrets, Workspace


class DatabricksSettings(LlmSettings, Protocol):
    """The settings that the Databricks half reads."""

    @property
    def home(self) -> Path: ...
    @property
    def catalog(self) -> str: ...
    @property
    def http_path(self) -> str | None: ...


def databricks_workspace(
    settings: DatabricksSettings, warehouse: Warehouse | None, org: str, person: Person
) -> Workspace:
    """The workspace of one org: what is its people's lies in the schema `data_ORG`.

    The catalog is read with the person's own token where there is one; all else is done as the
    app. Nothing is connected before it is used. The warehouse is taken so that both halves are
    opened alike; what is here asks it nothing.
    """
    app, schema = Connection(), f"data_{org_name(org)}"
    secrets = DatabricksSecrets(app)
    files = DatabricksFiles(app, settings.catalog, schema)
    scratch = settings.home.resolve() / "orgs" / org / "runs"
    return Workspace(
        catalog=DatabricksCatalog(Connection(person.token), settings.catalog, org, app),
        files=files,
        models=DatabricksModels(app, settings.catalog, schema),
        serving=DatabricksServing(app, org),
        llm=_llm(settings, app, secrets),
        compute=DatabricksCompute(app, files, org, scratch),
        secrets=secrets,
        people=DatabricksPeople(),
        setup=DatabricksSetup(
            app,
            settings.catalog,
            ("ontos_system", f"org_{org_name(org)}", schema),
            settings.http_path or "",
            settings,
            secrets,
            person,
        ),
    )


def _llm(settings: DatabricksSettings, app: Connection, secrets: Secrets) -> Llm:
    """An endpoint of the workspace, unless a base URL names another place.

    That place's key is what the environment gives, else a secret, read once when it is first asked.
    """
    if not settings.llm_model:
        return NoLlm()
    if not settings.llm_base_url:
        return DatabricksLlm(app, settings.llm_model)
    key = api_key(settings) or cache(partial(secrets.get, LLM_KEY))
    return OpenAiLlm(settings.llm_base_url, key, settings.llm_model)
