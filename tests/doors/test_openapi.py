"""Every documented route, asked with values made up from its own documentation."""

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.schemas import OpenApiSchema
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ontos.bootstrap import Workbench
from ontos.govern.tokens import TokenSpec, create_token
from ontos.kernel.operation import OPERATIONS
from ontos.kernel.permission import FEATURES
from tests.doors.toys import TOYS

EXAMPLES = 4
"""For each route. More find little: most fields are of shared types."""


@pytest.fixture(scope="module")
def token(bench: Workbench) -> str:
    scopes = {feature.key: "admin" for feature in FEATURES}
    return create_token(bench.local_caller(), TokenSpec(title="fuzz", scopes=scopes)).secret


@pytest.fixture(scope="module")
def schema(app: Starlette) -> OpenApiSchema:
    return schemathesis.openapi.from_asgi("/api/openapi.json", app)


@pytest.fixture(scope="module")
def known(app: Starlette, token: str) -> dict[str, str]:
    """Path parameters that name something: a file, its sheet, a template, what was assembled."""
    api = TestClient(app, headers={"X-Ontos-Token": token})

    def ask(method: str, path: str, **content: Any) -> Any:
        answer = api.request(method, f"/api/v1{path}", **content)
        assert answer.status_code < 300, answer.text
        return answer.json()

    csv = "key,text,intent\n1,hello,greet\n2,bye,leave\n"
    source = ask(
        "POST", "/sources/files?name=fuzz", content=csv, headers={"Content-Type": "text/csv"}
    )
    spec = {"name": "fuzz", "source_table": source["table"], "item_id_column": "key"}
    sheet = ask("POST", "/sheets", json=spec)
    ask("POST", f"/sheets/{sheet['id']}/publish")
    words = {"name": "fuzz", "label_type": "intent", "user_prompt": "{{ text }}"}
    template = ask("POST", "/templates", json=words)
    ask("POST", f"/templates/{template['id']}/publish")
    plan = {"name": "fuzz", "template_id": template["id"], "column_mapping": {"text": "text"}}
    made = ask("POST", f"/sheets/{sheet['id']}/assemble", json=plan)
    while ask("GET", f"/training-sheets/{made['id']}")["status"] == "assembling":
        time.sleep(0.05)
    pair = ask("GET", f"/training-sheets/{made['id']}/pairs")["items"][0]
    return {
        "source_id": source["id"], "table_name": source["table"], "sheet_id": sheet["id"],
        "template_id": template["id"], "training_sheet_id": made["id"], "pair_id": pair["id"],
    }  # fmt: skip


def test_made_up_requests_are_answered_or_refused_in_form(
    schema: OpenApiSchema, token: str, known: dict[str, str]
) -> None:
    asked = 0
    for operation in (found.ok() for found in schema.get_all_operations()):
        if operation.definition.raw["operationId"] not in TOYS:
            fuzz(operation, token, known)
            asked += 1
    assert asked == len(OPERATIONS) - len(TOYS)


def fuzz(operation: Any, token: str, known: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        case.path_parameters |= {n: known[n] for n in case.path_parameters if n in known}
        answer = case.call(headers={"X-Ontos-Token": token})
        assert answer.status_code < 500, f"{operation.label}: {answer.text}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]
            assert {"type", "title", "status", "detail", "correlation_id"} <= set(answer.json())

    ask()
