"""A workspace to test against: the REST calls that `databricks-sdk` and MLflow make for us."""

from tests.wire.workspace.server import Workspace, serve

__all__ = ["Workspace", "serve"]
