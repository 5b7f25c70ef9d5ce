"""Every setting, read from `ONTOS_*` environment variables; documented in docs/settings.md."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Frozen once read. A wrong value stops the start with a message that names the variable."""

    model_config = SettingsConfigDict(env_prefix="ONTOS_", frozen=True, extra="ignore")

    home: Path = Field(Path(".ontos"), description="Folder of the embedded store.")
    store_memory_mb: int = Field(
        512, ge=128, description="Memory of the embedded store, in megabytes. Beyond it the store "
        "writes to disk; what cannot is refused, and nothing of it is done.",
    )  # fmt: skip
    warehouse: Literal["embedded", "databricks"] = Field(
        "embedded", description="Which SQL engine holds the workbench's tables."
    )
    workspace: Literal["local", "databricks"] = Field(
        "local", description="Where models, files, serving and compute live."
    )
    http_path: str | None = Field(
        None, description="HTTP path of the Databricks SQL warehouse, or its id alone."
    )
    catalog: str = Field("workbench", description="Unity Catalog catalog of the workbench.")
    statement_timeout: int = Field(
        120, ge=1, description="Seconds after which the warehouse gives up on a statement."
    )
    connections: int = Field(
        8, ge=1, le=64, description="Warehouse connections that run statements side by side."
    )
    identity: Literal["auto", "local", "proxy", "oidc"] = Field(
        "auto",
        description="Who says who the user is: the Apps proxy's headers, OpenID Connect, or the "
        "operating system. `auto` is `proxy` inside a Databricks App, `oidc` where Streamlit's "
        "secrets hold an [auth] section, else `local`.",
    )
    org: str = Field("default", description="The org that people land in.")
    admin_group: str = Field(
        "admins",
        description="Group of the workspace that administers the first org; the store of a laptop "
        "is administered by its operating-system user.",
    )
    llm_base_url: str | None = Field(
        None, description="Base URL of an OpenAI-compatible API, for generation."
    )
    llm_model: str | None = Field(None, description="Model name asked of that API.")
    llm_api_key: SecretStr | None = Field(None, description="Key of that API.")
    llm_concurrency: int = Field(4, ge=1, le=64, description="Generation calls side by side.")
    job_workers: int = Field(3, ge=1, le=32, description="Background jobs run side by side.")
    training_timeout_minutes: int = Field(
        120, ge=1, description="A training job that runs longer is stopped and marked `timeout`."
    )
    max_upload_mb: int = Field(500, ge=1, description="Largest upload, in megabytes.")
    max_body_mb: int = Field(16, ge=1, description="Largest JSON request body, in megabytes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log line that is written."
    )
    debug_footer: bool = Field(
        False, description="Show statements, sequential waits and seconds under each page."
    )

    @field_validator("http_path")
    @classmethod
    def _path_of_id(cls, given: str | None) -> str | None:
        """An app's resource gives the id; what has a slash is a path already."""
        return f"/sql/1.0/warehouses/{given}" if given and "/" not in given else given


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read on first use."""
    return Settings()
