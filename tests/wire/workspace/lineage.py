"""External lineage: what the workbench tells Unity Catalog of where things came from."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk.service import catalog as uc

from tests.wire.workspace.http import Refusal, Request, Routes, missing

_AT = "/api/2.0/lineage-tracking"


@dataclass
class Lineage:
    """Relationships between tables, model versions and objects outside, which must be known."""

    objects: dict[str, uc.ExternalMetadata] = field(default_factory=dict)
    links: list[uc.ExternalLineageRelationship] = field(default_factory=list)

    def routes(self) -> Routes:
        return [
            ("POST", f"{_AT}/external-metadata", self._create_object),
            ("GET", f"{_AT}/external-metadata/{{name}}", self._get_object),
            ("POST", f"{_AT}/external-lineage", self._create),
        ]

    def _create_object(self, request: Request) -> uc.ExternalMetadata:
        made = uc.ExternalMetadata.from_dict(request.json)
        if made.name in self.objects:
            raise Refusal(409, "ALREADY_EXISTS", f"External metadata '{made.name}' exists.")
        self.objects[made.name] = made
        return made

    def _get_object(self, request: Request) -> uc.ExternalMetadata:
        name = request.given["name"]
        if name not in self.objects:
            raise missing(f"External metadata '{name}' does not exist.")
        return self.objects[name]

    def _create(self, request: Request) -> uc.ExternalLineageRelationship:
        asked: dict[str, Any] = dict(request.json)
        made = uc.ExternalLineageRelationship.from_dict(asked | {"id": uuid.uuid4().hex})
        for side in (made.source, made.target):
            outside = side.external_metadata
            if outside and outside.name not in self.objects:
                raise missing(f"External metadata '{outside.name}' does not exist.")
        self.links.append(made)
        return made
