"""What is not SQL: catalog, files, models, serving, llm, compute, secrets, people, setup."""

from typing import TYPE_CHECKING, Any

from ontos.workspace.protocols import (
    Answered,
    Catalog,
    Column,
    Completion,
    Compute,
    Files,
    Finding,
    Guarded,
    Guardrails,
    Llm,
    Models,
    ModelVersion,
    People,
    Person,
    Pii,
    Run,
    RunStatus,
    Secrets,
    Serving,
    ServingState,
    ServingStatus,
    Setup,
    Table,
    Workspace,
)

if TYPE_CHECKING:
    from ontos.workspace.databricks.workspace import databricks_workspace
    from ontos.workspace.local.workspace import local_workspace

__all__ = [
    "Answered",
    "Catalog",
    "Column",
    "Completion",
    "Compute",
    "Files",
    "Finding",
    "Guarded",
    "Guardrails",
    "Llm",
    "ModelVersion",
    "Models",
    "People",
    "Person",
    "Pii",
    "Run",
    "RunStatus",
    "Secrets",
    "Serving",
    "ServingState",
    "ServingStatus",
    "Setup",
    "Table",
    "Workspace",
    "databricks_workspace",
    "local_workspace",
]


def __getattr__(name: str) -> Any:
    """The two halves are imported by whoever asks for one."""
    if name == "local_workspace":
        from ontos.workspace.local.workspace import local_workspace

        return local_workspace
    if name == "databricks_workspace":
        from ontos.workspace.databricks.workspace import databricks_workspace

        return databricks_workspace
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
