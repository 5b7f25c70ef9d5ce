"""Registered models: Unity Catalog's REST, and the calls of MLflow's `databricks-uc` registry."""

import re
import shutil
import time
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk.service import catalog as uc

from tests.wire.workspace.catalog import Catalog
from tests.wire.workspace.files import Files
from tests.wire.workspace.http import Refusal, Request, Routes, invalid, missing

_UC, _ML = "/api/2.1/unity-catalog/models", "/api/2.0/mlflow/unity-catalog"
_BAD_KEY = re.compile(r"[.,\-=/:]")
_LONGEST_KEY, _LONGEST_VALUE = 255, 1000


@dataclass
class Version:
    number: int
    source: str
    run_id: str | None
    tags: dict[str, str]
    created: int
    ready: bool = False


@dataclass
class Model:
    full_name: str
    owner: str
    created: int
    newest: int = 0
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)


@dataclass
class Models:
    """Numbers of versions are never used again; deleting a version takes its aliases along."""

    catalog: Catalog
    files: Files
    kept: dict[str, Model] = field(default_factory=dict)

    def routes(self) -> Routes:
        return [
            ("GET", _UC, self._list),
            ("GET", f"{_UC}/{{name}}", lambda r: self._info(self.model(r.given["name"]))),
            ("DELETE", f"{_UC}/{{name}}", lambda r: self._delete_model(r.given["name"])),
            ("GET", f"{_UC}/{{name}}/versions", self._list_versions),
            ("GET", f"{_UC}/{{name}}/versions/{{version}}", self._get_version),
            ("DELETE", f"{_UC}/{{name}}/versions/{{version}}", self._delete_given),
            ("PUT", f"{_UC}/{{name}}/aliases/{{alias}}", self._put_alias),
            *self._mlflow_routes(),
        ]

    def _mlflow_routes(self) -> Routes:
        models, versions = f"{_ML}/registered-models", f"{_ML}/model-versions"
        enabled = ":is-databricks-sdk-models-artifact-repository-enabled"
        return [
            ("GET", models + enabled,
             lambda r: {"is_databricks_sdk_models_artifact_repository_enabled": True}),
            ("POST", f"{models}/create", self._create_model),
            ("GET", f"{models}/get", lambda r: self._told_model(self.model(r.asked["name"]))),
            ("DELETE", f"{models}/delete", lambda r: self._delete_model(r.asked["name"])),
            ("GET", f"{models}/search", self._search_models),
            ("POST", f"{models}/alias", self._set_alias),
            ("POST", f"{versions}/create", self._create_version),
            ("POST", f"{versions}/finalize", self._finalize),
            ("GET", f"{versions}/get", lambda r: self._told(*self._asked(r))),
            ("GET", f"{versions}/search", self._search_versions),
            ("DELETE", f"{versions}/delete", self._delete_asked),
            ("POST", f"{versions}/set-tag", self._set_tag),
            ("POST", f"{versions}/emit-lineage", lambda r: {}),
        ]  # fmt: skip

    def model(self, full_name: str) -> Model:
        found = self.kept.get(full_name)
        if found is None:
            raise missing(f"Registered Model '{full_name}' does not exist.")
        return found

    def version(self, full_name: str, number: str | int) -> Version:
        found = self.model(full_name).versions.get(int(number))
        if found is None:
            raise missing(f"Model Version '{full_name}' version '{number}' does not exist.")
        return found

    def delete_version(self, full_name: str, number: int) -> None:
        model = self.model(full_name)
        self.version(full_name, number)
        del model.versions[number]
        model.aliases = {name: at for name, at in model.aliases.items() if at != number}
        shutil.rmtree(self.files.local(self.place(full_name, number)), ignore_errors=True)

    def place(self, full_name: str, number: int | str) -> str:
        return f"/Models/{full_name.replace('.', '/')}/{number}"

    def _list(self, request: Request) -> dict[str, list[Any]]:
        place = f"{request.query['catalog_name']}.{request.query['schema_name']}"
        if not self.catalog.has("schema", place):
            raise missing(f"Schema '{place}' does not exist.", "SCHEMA_DOES_NOT_EXIST")
        found = (m for name, m in sorted(self.kept.items()) if name.startswith(place + "."))
        return {"registered_models": [self._info(model).as_dict() for model in found]}

    def _info(self, model: Model) -> uc.RegisteredModelInfo:
        catalog, schema, name = model.full_name.split(".")
        return uc.RegisteredModelInfo(
            aliases=_aliases(model), catalog_name=catalog, schema_name=schema, name=name,
            full_name=model.full_name, owner=model.owner, created_at=model.created,
        )  # fmt: skip

    def _version_info(self, model: Model, version: Version) -> uc.ModelVersionInfo:
        catalog, schema, name = model.full_name.split(".")
        ready, pending = uc.ModelVersionInfoStatus.READY, uc.ModelVersionInfoStatus
        return uc.ModelVersionInfo(
            catalog_name=catalog, schema_name=schema, model_name=name, version=version.number,
            run_id=version.run_id, source=version.source, created_at=version.created,
            status=ready if version.ready else pending.PENDING_REGISTRATION,
        )  # fmt: skip

    def _list_versions(self, request: Request) -> uc.ListModelVersionsResponse:
        model = self.model(request.given["name"])
        found = [self._version_info(model, each) for each in model.versions.values()]
        return uc.ListModelVersionsResponse(model_versions=found)

    def _get_version(self, request: Request) -> uc.ModelVersionInfo:
        name, number = request.given["name"], request.given["version"]
        return self._version_info(self.model(name), self.version(name, number))

    def _delete_given(self, request: Request) -> None:
        self.delete_version(request.given["name"], int(request.given["version"]))

    def _delete_asked(self, request: Request) -> None:
        self.delete_version(request.asked["name"], int(request.asked["version"]))

    def _delete_model(self, name: str) -> None:
        """With all its versions: nobody is asked whether there are any."""
        for number in list(self.model(name).versions):
            self.delete_version(name, number)
        del self.kept[name]

    def _put_alias(self, request: Request) -> uc.RegisteredModelAlias:
        name, alias = request.given["name"], request.given["alias"]
        number = self.version(name, request.json["version_num"]).number
        self.model(name).aliases[alias] = number
        return uc.RegisteredModelAlias(alias_name=alias, version_num=number)

    def _set_alias(self, request: Request) -> None:
        asked = request.asked
        number = self.version(asked["name"], asked["version"]).number
        self.model(asked["name"]).aliases[asked["alias"]] = number

    def _create_model(self, request: Request) -> dict[str, Any]:
        name = request.json["name"]
        if len(name.split(".")) != 3:
            raise invalid(f"'{name}' is not a valid name for a model: use catalog.schema.model")
        place = name.rpartition(".")[0]
        if not self.catalog.has("schema", place):
            raise missing(f"Schema '{place}' does not exist.", "SCHEMA_DOES_NOT_EXIST")
        self.catalog.check(request.person, "CREATE_MODEL", "schema", place)
        if name in self.kept:
            raise Refusal(409, "RESOURCE_ALREADY_EXISTS", f"Registered model '{name}' exists.")
        self.kept[name] = Model(name, request.person.name, _now())
        return self._told_model(self.kept[name])

    def _search_models(self, request: Request) -> dict[str, Any]:
        return {"registered_models": [_named(model) for model in self.kept.values()]}

    def _told_model(self, model: Model) -> dict[str, Any]:
        aliases = [{"alias": name, "version": str(at)} for name, at in model.aliases.items()]
        return {"registered_model": _named(model) | {"aliases": aliases}}

    def _create_version(self, request: Request) -> dict[str, Any]:
        asked, model = request.json, self.model(request.json["name"])
        tags = {tag["key"]: tag.get("value", "") for tag in asked.get("tags", [])}
        for key, value in tags.items():
            _check_tag(key, value)
        model.newest += 1
        made = Version(model.newest, asked["source"], asked.get("run_id"), tags, _now())
        model.versions[made.number] = made
        return self._told(model, made)

    def _finalize(self, request: Request) -> dict[str, Any]:
        model, version = self._asked(request)
        version.ready = True
        return self._told(model, version)

    def _search_versions(self, request: Request) -> dict[str, Any]:
        """Only by the whole name; without tags and aliases, as Unity Catalog does."""
        match = re.fullmatch(r"name\s*=\s*'([^']+)'", request.asked.get("filter", ""))
        if match is None:
            raise invalid("The filter must be name = 'catalog.schema.model'")
        model = self.kept.get(match[1])
        found = [] if model is None else [_plain(model, each) for each in model.versions.values()]
        return {"model_versions": found}

    def _set_tag(self, request: Request) -> None:
        _, version = self._asked(request)
        _check_tag(request.asked["key"], request.asked["value"])
        version.tags[request.asked["key"]] = request.asked["value"]

    def _asked(self, request: Request) -> tuple[Model, Version]:
        name = request.asked["name"]
        return self.model(name), self.version(name, request.asked["version"])

    def _told(self, model: Model, version: Version) -> dict[str, Any]:
        tags = [{"key": key, "value": value} for key, value in version.tags.items()]
        aliases = [
            {"alias": name, "version": str(at)}
            for name, at in model.aliases.items() if at == version.number
        ]  # fmt: skip
        told = _plain(model, version)
        told["storage_location"] = f"s3://managed{self.place(model.full_name, version.number)}"
        return {"model_version": told | {"tags": tags, "aliases": aliases}}


def _plain(model: Model, version: Version) -> dict[str, Any]:
    return {
        "name": model.full_name, "version": str(version.number), "source": version.source,
        "creation_timestamp": version.created, "last_updated_timestamp": version.created,
        "run_id": version.run_id or "",
        "status": "READY" if version.ready else "PENDING_REGISTRATION",
    }  # fmt: skip


def _named(model: Model) -> dict[str, Any]:
    return {"name": model.full_name, "creation_timestamp": model.created, "user_id": model.owner}


def _aliases(model: Model) -> list[uc.RegisteredModelAlias]:
    return [
        uc.RegisteredModelAlias(alias_name=name, version_num=at)
        for name, at in sorted(model.aliases.items())
    ]


def _check_tag(key: str, value: str) -> None:
    """Constraints on the tags of Unity Catalog's securables."""
    if _BAD_KEY.search(key) or len(key) > _LONGEST_KEY:
        raise invalid(f"Tag key '{key}' is not valid: it may not contain . , - = / :")
    if len(value) > _LONGEST_VALUE:
        raise invalid(f"The value of tag '{key}' is longer than {_LONGEST_VALUE} characters.")


def _now() -> int:
    return int(time.time() * 1000)
