"""Serving endpoints that take time to come up, and then really answer."""

import math
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk.service import serving as sv

from ontos.workspace.models import open_mlflow, quietly
from tests.wire.workspace.http import Raw, Refusal, Request, Routes, invalid, missing
from tests.wire.workspace.models import Models

_AT = "/api/2.0/serving-endpoints"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_READY, _NOT_READY = sv.EndpointStateReady.READY, sv.EndpointStateReady.NOT_READY
_UPDATE, _DEPLOYMENT = sv.EndpointStateConfigUpdate, sv.ServedModelStateDeployment
Chat = Callable[[list[dict[str, str]]], str]


@dataclass
class Config:
    """Served entities with their state, and how many percent of the traffic each gets."""

    entities: list[sv.ServedEntityOutput]
    traffic: sv.TrafficConfig
    loaded: dict[str, Any] = field(default_factory=dict)


@dataclass
class Endpoint:
    name: str
    creator: str
    active: Config | None = None
    pending: Config | None = None
    update: sv.EndpointStateConfigUpdate = _UPDATE.NOT_UPDATING
    gateway: dict[str, Any] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    asked_at: list[float] = field(default_factory=list)

    @property
    def ready(self) -> sv.EndpointStateReady:
        """READY if all served entities of the active configuration are."""
        up = self.active and len(self.active.loaded) == len(self.active.entities)
        return _READY if up else _NOT_READY


@dataclass
class Serving:
    """`seconds` is how long a deployment takes; while `gate` is cleared none of them finishes.

    `chats` are foundation models: a function of the messages for each name.
    """

    models: Models
    seconds: float = 0.1
    gate: threading.Event = field(default_factory=threading.Event)
    guards_custom_models: bool = False
    chats: dict[str, Chat] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311

    def __post_init__(self) -> None:
        self.gate.set()

    def routes(self) -> Routes:
        return [
            ("POST", _AT, self._create),
            ("GET", _AT, self._list),
            ("GET", f"{_AT}/{{name}}", self._get),
            ("DELETE", f"{_AT}/{{name}}", self._delete),
            ("PUT", f"{_AT}/{{name}}/config", self._update),
            ("PUT", f"{_AT}/{{name}}/ai-gateway", self._gateway),
            ("GET", f"{_AT}/{{name}}/metrics", self._metrics),
            ("POST", "/serving-endpoints/chat/completions", self._completions),
            ("POST", "/serving-endpoints/{name}/invocations", self._invoke),
        ]

    def restart(self, name: str) -> None:
        """What scaling from zero does: every entity is loaded again from the registry."""
        endpoint = self._endpoint(name)
        assert endpoint.active is not None
        endpoint.active.loaded = {}
        for entity in endpoint.active.entities:
            self._load(entity, endpoint.active)

    def _endpoint(self, name: str) -> Endpoint:
        if name not in self.endpoints:
            raise missing(f"The given endpoint does not exist, please retry after checking {name}.")
        return self.endpoints[name]

    def _create(self, request: Request) -> sv.ServingEndpointDetailed:
        name, asked = request.json["name"], request.json["config"]
        if not _NAME.fullmatch(name):
            raise invalid(f"Endpoint name '{name}' is not valid: alphanumeric, dashes, up to 63.")
        with self._lock:
            if name in self.endpoints:
                raise Refusal(409, "RESOURCE_ALREADY_EXISTS", f"Endpoint '{name}' already exists.")
            config = self._config(asked, request.person.name)
            endpoint = self.endpoints[name] = Endpoint(name, request.person.name)
            self._begin(endpoint, config)
        return self._told(endpoint)

    def _update(self, request: Request) -> sv.ServingEndpointDetailed:
        endpoint = self._endpoint(request.given["name"])
        with self._lock:
            if endpoint.update is _UPDATE.IN_PROGRESS:
                raise Refusal(
                    409, "RESOURCE_CONFLICT",
                    f"Endpoint '{endpoint.name}' is currently being updated. Wait for it to end.",
                )  # fmt: skip
            self._begin(endpoint, self._config(request.json, request.person.name))
        return self._told(endpoint)

    def _config(self, asked: dict[str, Any], creator: str) -> Config:
        config = sv.EndpointCoreConfigInput.from_dict(asked)
        entities = [self._entity(each, creator) for each in config.served_entities or []]
        traffic = config.traffic_config or sv.TrafficConfig(routes=[])
        shares = {r.served_entity_name: r.traffic_percentage for r in traffic.routes or []}
        if sum(shares.values()) != 100 or shares.keys() != {entity.name for entity in entities}:
            raise invalid("The traffic of the served entities must sum to 100 percent.")
        return Config(entities, traffic)

    def _entity(self, asked: sv.ServedEntityInput, creator: str) -> sv.ServedEntityOutput:
        self.models.version(str(asked.entity_name), str(asked.entity_version))
        if asked.workload_size is None or asked.scale_to_zero_enabled is None:
            raise invalid("A served entity needs workload_size and scale_to_zero_enabled.")
        return sv.ServedEntityOutput(
            name=asked.name, entity_name=asked.entity_name, entity_version=asked.entity_version,
            workload_size=asked.workload_size, scale_to_zero_enabled=asked.scale_to_zero_enabled,
            creator=creator, state=sv.ServedModelState(deployment=_DEPLOYMENT.DEPLOYMENT_CREATING),
        )  # fmt: skip

    def _begin(self, endpoint: Endpoint, config: Config) -> None:
        endpoint.pending, endpoint.update = config, _UPDATE.IN_PROGRESS
        threading.Thread(target=self._deploy, args=(endpoint, config), daemon=True).start()

    def _deploy(self, endpoint: Endpoint, config: Config) -> None:
        time.sleep(self.seconds)
        self.gate.wait(60)
        kept = endpoint.active.loaded if endpoint.active else {}
        for entity in config.entities:
            self._load(entity, config, kept)
        with self._lock:
            if len(config.loaded) < len(config.entities):
                endpoint.update = _UPDATE.UPDATE_FAILED
            else:
                endpoint.active, endpoint.pending = config, None
                endpoint.update = _UPDATE.NOT_UPDATING

    def _load(
        self, entity: sv.ServedEntityOutput, config: Config, kept: dict[str, Any] | None = None
    ) -> None:
        """An entity that answers already is not loaded again."""
        name, number = str(entity.entity_name), str(entity.entity_version)
        try:
            if not (model := (kept or {}).get(f"{name}/{number}")):
                self.models.version(name, number)
                model = _opened(str(self.models.files.local(self.models.place(name, number))))
        except Exception as error:
            # Whatever a model does when it is loaded is told as the deployment's message.
            told = f"{type(error).__name__}: {error}"
            entity.state = sv.ServedModelState(_DEPLOYMENT.DEPLOYMENT_FAILED, told)
            return
        config.loaded[f"{name}/{number}"] = model
        entity.state = sv.ServedModelState(_DEPLOYMENT.DEPLOYMENT_READY)

    def _told(self, endpoint: Endpoint) -> sv.ServingEndpointDetailed:
        active, pending = endpoint.active, endpoint.pending
        gateway = sv.AiGatewayConfig.from_dict(endpoint.gateway) if endpoint.gateway else None
        return sv.ServingEndpointDetailed(
            name=endpoint.name, creator=endpoint.creator, ai_gateway=gateway,
            state=sv.EndpointState(config_update=endpoint.update, ready=endpoint.ready),
            config=active and sv.EndpointCoreConfigOutput(
                served_entities=active.entities, traffic_config=active.traffic
            ),
            pending_config=pending and sv.EndpointPendingConfig(
                served_entities=pending.entities, traffic_config=pending.traffic
            ),
        )  # fmt: skip

    def _get(self, request: Request) -> sv.ServingEndpointDetailed:
        if (name := request.given["name"]) in self.chats:
            ready = sv.EndpointState(config_update=_UPDATE.NOT_UPDATING, ready=_READY)
            return sv.ServingEndpointDetailed(name=name, state=ready, task="llm/v1/chat")
        return self._told(self._endpoint(name))

    def _list(self, request: Request) -> dict[str, Any]:
        return {"endpoints": [_summary(self._told(each)) for each in self.endpoints.values()]}

    def _delete(self, request: Request) -> None:
        with self._lock:
            del self.endpoints[self._endpoint(request.given["name"]).name]

    def _gateway(self, request: Request) -> dict[str, Any]:
        """Guardrails are for foundation and external models; limits and tables for all."""
        endpoint = self._endpoint(request.given["name"])
        if "guardrails" in request.json and not self.guards_custom_models:
            raise invalid("AI Gateway guardrails are not supported for custom model endpoints.")
        endpoint.gateway = sv.AiGatewayConfig.from_dict(request.json).as_dict()
        return endpoint.gateway

    def _invoke(self, request: Request) -> Any:
        if request.given["name"] in self.chats:
            return self._chat(request.given["name"], request.json["messages"])
        endpoint = self._endpoint(request.given["name"])
        _within_limits(endpoint)
        entity = self._chosen(endpoint)
        assert endpoint.active is not None
        model = endpoint.active.loaded.get(f"{entity.entity_name}/{entity.entity_version}")
        if model is None:
            told = entity.state.deployment_state_message if entity.state else ""
            raise missing(f"Endpoint '{endpoint.name}' has no ready entity. {told}")
        found = _predicted(model, request.json)
        endpoint.answered[str(entity.name)] = endpoint.answered.get(str(entity.name), 0) + 1
        raw = Raw(headers={"served-model-name": str(entity.name)})
        return Raw(_json(sv.QueryEndpointResponse(predictions=found)), 200, raw.headers)

    def _chosen(self, endpoint: Endpoint) -> sv.ServedEntityOutput:
        if endpoint.active is None:
            raise missing(f"Endpoint '{endpoint.name}' is not ready to serve.", "NOT_FOUND")
        shares = {
            r.served_entity_name: r.traffic_percentage for r in endpoint.active.traffic.routes or []
        }
        entities = endpoint.active.entities
        weights = [shares[str(entity.name)] for entity in entities]
        return self._random.choices(entities, weights)[0]

    def _completions(self, request: Request) -> dict[str, Any]:
        name = request.json["model"]
        if name not in self.chats:
            raise missing(f"The given endpoint does not exist: {name}.")
        return self._chat(name, request.json["messages"])

    def _chat(self, name: str, messages: list[dict[str, str]]) -> dict[str, Any]:
        text = self.chats[name](messages)
        said = {"role": "assistant", "content": text}
        return {
            "id": "chat", "object": "chat.completion", "model": name,
            "choices": [{"index": 0, "finish_reason": "stop", "message": said}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
        }  # fmt: skip

    def _metrics(self, request: Request) -> Raw:
        endpoint = self._endpoint(request.given["name"])
        lines = [
            f'request_count_total{{served_entity_name="{name}"}} {count}'
            for name, count in endpoint.answered.items()
        ]
        return Raw("\n".join([*lines, ""]).encode(), headers={"Content-Type": "text/plain"})


def _summary(told: sv.ServingEndpointDetailed) -> dict[str, Any]:
    """An endpoint as lists tell it: of its configuration only what each entity is."""
    entities = (told.config.served_entities if told.config else None) or []
    named = [sv.ServedEntitySpec.from_dict(each.as_dict()) for each in entities]
    return sv.ServingEndpoint(
        name=told.name, creator=told.creator, state=told.state,
        config=told.config and sv.EndpointCoreConfigSummary(served_entities=named),
    ).as_dict()  # fmt: skip


def _opened(place: str) -> Any:
    mlflow = open_mlflow()
    with quietly():
        return mlflow.pyfunc.load_model(place)


def _predicted(model: Any, asked: dict[str, Any]) -> list[Any]:
    import pandas as pd

    if split := asked.get("dataframe_split"):
        table = pd.DataFrame(split["data"], columns=split["columns"])
    else:
        table = pd.DataFrame(asked["dataframe_records"])
    from mlflow.exceptions import MlflowException

    try:
        with quietly():
            found = model.predict(table)
    except MlflowException as error:
        raise Refusal(400, "BAD_REQUEST", error.message) from error
    except Exception as error:
        raise Refusal(400, "BAD_REQUEST", f"Encountered an unexpected error: {error}") from error
    return list(found)


def _within_limits(endpoint: Endpoint) -> None:
    limits = endpoint.gateway.get("rate_limits", [])
    now = time.monotonic()
    endpoint.asked_at = [at for at in endpoint.asked_at if now - at < 60]
    most = min((limit.get("calls", math.inf) for limit in limits), default=math.inf)
    if len(endpoint.asked_at) >= most:
        raise Refusal(429, "REQUEST_LIMIT_EXCEEDED", f"Rate limit of {endpoint.name} exceeded.")
    endpoint.asked_at.append(now)


def _json(answer: Any) -> bytes:
    import json

    return json.dumps(answer.as_dict()).encode()
