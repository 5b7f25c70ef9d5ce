"""MLflow tracking as the workspace offers it: experiments, runs, logged models; and folders."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk.service import ml

from tests.wire.workspace.http import Refusal, Request, Routes, invalid, missing

_ML = "/api/2.0/mlflow"


@dataclass
class Tracking:
    """Experiments are objects of the workspace: their folder must exist, and names are paths."""

    folders: set[str] = field(default_factory=lambda: {"/", "/Shared", "/Users"})
    experiments: dict[str, ml.Experiment] = field(default_factory=dict)
    runs: dict[str, ml.Run] = field(default_factory=dict)
    logged: dict[str, ml.LoggedModel] = field(default_factory=dict)

    def routes(self) -> Routes:
        logged = f"{_ML}/logged-models"
        return [
            ("POST", "/api/2.0/workspace/mkdirs", self._mkdirs),
            ("GET", "/api/2.0/workspace/get-status", self._status),
            ("GET", f"{_ML}/experiments/get-by-name", self._by_name),
            ("GET", f"{_ML}/experiments/get", self._get_experiment),
            ("POST", f"{_ML}/experiments/create", self._create_experiment),
            ("POST", f"{_ML}/runs/create", self._create_run),
            ("GET", f"{_ML}/runs/get", lambda r: {"run": self.run(r.asked["run_id"]).as_dict()}),
            ("POST", f"{_ML}/runs/update", self._update_run),
            ("POST", f"{_ML}/runs/log-batch", self._log_batch),
            ("POST", f"{_ML}/runs/log-parameter", self._log_one),
            ("POST", f"{_ML}/runs/set-tag", self._log_one),
            ("GET", f"{_ML}/metrics/get-history", self._history),
            ("POST", f"{_ML}/runs/outputs", lambda r: {}),
            ("POST", f"{_ML}/runs/log-model", lambda r: {}),
            ("POST", logged, self._create_logged),
            ("GET", f"{logged}/{{id}}", lambda r: self._told(self.logged_model(r.given["id"]))),
            ("PATCH", f"{logged}/{{id}}", self._finish_logged),
            ("PATCH", f"{logged}/{{id}}/tags", lambda r: {}),
            ("POST", f"{logged}/{{id}}/params", lambda r: {}),
        ]

    def run(self, run_id: str) -> ml.Run:
        if run_id not in self.runs:
            raise missing(f"Run '{run_id}' not found.")
        return self.runs[run_id]

    def logged_model(self, model_id: str) -> ml.LoggedModel:
        if model_id not in self.logged:
            raise missing(f"Logged model '{model_id}' not found.")
        return self.logged[model_id]

    def experiment(self, name: str) -> ml.Experiment:
        """The experiment at an absolute path; made where its folder is there."""
        if found := self.experiments.get(name):
            return found
        if not name.startswith("/"):
            raise invalid(
                f"Got an invalid experiment name '{name}'. An experiment name must be an absolute "
                "path within the Databricks workspace, e.g. '/Users/<some-username>/my-experiment'."
            )
        folder = name.rpartition("/")[0] or "/"
        if folder not in self.folders:
            raise missing(f"Parent directory {folder} does not exist.", "NOT_FOUND")
        number = str(1000 + len(self.experiments))
        self.experiments[name] = ml.Experiment(
            experiment_id=number, name=name, lifecycle_stage="active",
            artifact_location=f"dbfs:/databricks/mlflow-tracking/{number}",
        )  # fmt: skip
        return self.experiments[name]

    def begin_run(self, experiment_id: str, name: str | None, user: str) -> ml.Run:
        run_id = uuid.uuid4().hex
        place = f"dbfs:/databricks/mlflow-tracking/{experiment_id}/{run_id}/artifacts"
        info = ml.RunInfo(
            run_id=run_id, run_uuid=run_id, experiment_id=experiment_id, run_name=name,
            user_id=user, start_time=_now(), lifecycle_stage="active", artifact_uri=place,
            status=ml.RunInfoStatus.RUNNING,
        )  # fmt: skip
        self.runs[run_id] = ml.Run(info=info, data=ml.RunData(metrics=[], params=[], tags=[]))
        return self.runs[run_id]

    def _mkdirs(self, request: Request) -> None:
        parts = _bare(request.json["path"]).strip("/").split("/")
        self.folders.update("/" + "/".join(parts[: at + 1]) for at in range(len(parts)))

    def _status(self, request: Request) -> dict[str, Any]:
        path = _bare(request.query["path"])
        if path not in self.folders:
            raise missing(f"Path ({path}) doesn't exist.")
        return {"path": path, "object_type": "DIRECTORY", "object_id": 1}

    def _by_name(self, request: Request) -> dict[str, Any]:
        name = request.asked["experiment_name"]
        if name not in self.experiments:
            raise missing(f"Node {name} does not exist.")
        return {"experiment": self.experiments[name].as_dict()}

    def _get_experiment(self, request: Request) -> dict[str, Any]:
        wanted = request.asked["experiment_id"]
        for found in self.experiments.values():
            if found.experiment_id == wanted:
                return {"experiment": found.as_dict()}
        raise missing(f"No Experiment with id={wanted} exists")

    def _create_experiment(self, request: Request) -> dict[str, Any]:
        if request.json["name"] in self.experiments:
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Node {request.json['name']} exists.")
        return {"experiment_id": self.experiment(request.json["name"]).experiment_id}

    def _create_run(self, request: Request) -> dict[str, Any]:
        asked = request.json
        made = self.begin_run(asked["experiment_id"], asked.get("run_name"), request.person.name)
        self._add(made, "tags", asked.get("tags", []))
        return {"run": made.as_dict()}

    def _update_run(self, request: Request) -> dict[str, Any]:
        info = self.run(request.json["run_id"]).info
        assert info is not None
        if "status" in request.json:
            info.status = ml.RunInfoStatus(_status_name(request.json["status"]))
        info.run_name = request.json.get("run_name") or info.run_name
        info.end_time = request.json.get("end_time") or info.end_time
        return {"run_info": info.as_dict()}

    def _log_batch(self, request: Request) -> None:
        for kind in ("metrics", "params", "tags"):
            self._add(self.run(request.json["run_id"]), kind, request.json.get(kind, []))

    def _log_one(self, request: Request) -> None:
        kind = "tags" if request.path.endswith("set-tag") else "params"
        self._add(self.run(request.json["run_id"]), kind, [request.json])

    def _history(self, request: Request) -> ml.GetMetricHistoryResponse:
        run, key = self.run(request.asked["run_id"]), request.asked["metric_key"]
        metrics = (run.data.metrics if run.data else None) or []
        return ml.GetMetricHistoryResponse(metrics=[m for m in metrics if m.key == key])

    def _add(self, run: ml.Run, kind: str, found: list[dict[str, Any]]) -> None:
        makers = {"metrics": ml.Metric, "params": ml.Param, "tags": ml.RunTag}
        assert run.data is not None
        getattr(run.data, kind).extend(makers[kind].from_dict(each) for each in found)

    def _create_logged(self, request: Request) -> dict[str, Any]:
        asked, model_id = request.json, f"m-{uuid.uuid4().hex}"
        experiment = asked["experiment_id"]
        place = f"dbfs:/databricks/mlflow-tracking/{experiment}/logged_models/{model_id}"
        info = ml.LoggedModelInfo(
            model_id=model_id, experiment_id=experiment, name=asked.get("name"), artifact_uri=place,
            source_run_id=asked.get("source_run_id"), creation_timestamp_ms=_now(),
            last_updated_timestamp_ms=_now(), status=ml.LoggedModelStatus.LOGGED_MODEL_PENDING,
        )  # fmt: skip
        self.logged[model_id] = ml.LoggedModel(info=info, data=ml.LoggedModelData())
        return self._told(self.logged[model_id])

    def _finish_logged(self, request: Request) -> dict[str, Any]:
        found = self.logged_model(request.given["id"])
        assert found.info is not None
        found.info.status = ml.LoggedModelStatus(request.json["status"])
        return self._told(found)

    def _told(self, model: ml.LoggedModel) -> dict[str, Any]:
        return {"model": model.as_dict()}


def _bare(path: str) -> str:
    return path.removeprefix("/Workspace").rstrip("/") or "/"


def _status_name(status: str | int) -> str:
    numbered = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
    return numbered[status] if isinstance(status, int) else status


def _now() -> int:
    return int(time.time() * 1000)
