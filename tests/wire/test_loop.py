"""The closed loop in a workspace: the app as a process, all that it keeps behind one address."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Api, Refused
from tests.wire.loop import USER, Whole, whole
from tests.wire.proxy import proxied
from tests.wire.workspace.half import until

KINDS = {
    "fruit": ("apple", "pear", "plum", "cherry", "melon", "grape", "peach", "fig"),
    "tool": ("hammer", "saw", "drill", "wrench", "pliers", "chisel", "file", "vice"),
}
ROWS = [(f"bring {many} {word}", kind) for many in ("one", "two", "some", "the best")
        for kind, words in KINDS.items() for word in words]  # fmt: skip
WRITER = "writer"


def kind_of(messages: list[dict[str, str]]) -> str:
    """What the foundation model of this workspace answers."""
    asked = messages[-1]["content"]
    return next(kind for kind, words in KINDS.items() if any(word in asked for word in words))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole(tmp_path_factory.mktemp("whole"), ONTOS_LLM_MODEL=WRITER) as made:
        made.workspace.serving.chats[WRITER] = kind_of
        yield made
        assert made.workspace.unforeseen == []


@pytest.fixture(scope="module")
def api(running: Whole) -> Iterator[Api]:
    """REST as the person who administers."""
    made = Api(running.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def source(api: Api) -> str:
    """An uploaded table."""
    text = io.StringIO()
    csv.writer(text).writerows([("id", "text", "kind"), *((n, *row) for n, row in enumerate(ROWS))])
    found = api.upload("things", text.getvalue().encode())
    assert found["rows"] == len(ROWS)
    return str(found["table"])


@pytest.fixture(scope="module")
def template(api: Api) -> str:
    spec = {"name": "kinds", "label_type": "kind", "user_prompt": "Message: {{ message }}\nKind:"}
    made = api("POST", "/templates", spec)
    api("POST", f"/templates/{made['id']}/publish")
    return str(made["id"])


def published(api: Api, name: str, table: str) -> str:
    """A sheet over a table."""
    spec = {"name": name, "source_table": table, "item_id_column": "id"}
    made = api("POST", "/sheets", spec)
    return str(api("POST", f"/sheets/{made['id']}/publish")["id"])


def assembled(api: Api, sheet: str, template: str, name: str, response: str | None) -> Any:
    plan = {"name": name, "template_id": template, "column_mapping": {"message": "text"}}
    made = api("POST", f"/sheets/{sheet}/assemble", plan | {"response_column": response})
    return api.until(f"/training-sheets/{made['id']}", ("ready", "failed"))


def trained(api: Api, sheet: str, seed: int) -> Any:
    spec = {"training_sheet_id": sheet, "model_name": "kinds", "train_val_split": 0.8}
    made = api("POST", "/training/jobs", spec | {"training_config": {"seed": seed}})
    ended = ("succeeded", "failed", "cancelled", "timeout")
    return api.until(f"/training/jobs/{made['id']}", ended, 120)


def test_a_model_is_made_served_and_taken_back(
    running: Whole, api: Api, source: str, template: str
) -> None:
    """Runs of AI Runtime, versions in the registry and their traffic are the workspace's."""
    made = assembled(api, published(api, "things", source), template, "things", "kind")
    review = {"action": "approve", "where": {"review_status": "pending"}}
    changed = api("POST", f"/training-sheets/{made['id']}/review", review)["changed"]
    assert changed == len(ROWS)

    jobs = [trained(api, made["id"], seed) for seed in (7, 8)]
    assert [job["status"] for job in jobs] == ["succeeded", "succeeded"], jobs
    full_name = jobs[0]["uc_model_name"]
    assert set(running.workspace.models.model(full_name).versions) == {1, 2}

    spec = {"name": "kinds", "model_name": full_name, "model_version": 1}
    api("POST", "/deployment/endpoints", spec)
    place = "/deployment/endpoints/kinds"
    assert api.until(place, ("ready", "failed"))["status"] == "ready"
    api("PUT", place, {"model_version": 2})
    assert api.until(place, ("ready", "failed"))["model_version"] == "2"
    answer = api("POST", f"{place}/query", {"inputs": [{"message": "two pears and a melon"}]})
    assert answer["predictions"] == ["fruit"]
    assert api("POST", f"{place}/rollback", {})["model_version"] == "1"
    assert api("GET", "/monitoring/performance/kinds")["request_count"] == 1

    wrong = {"endpoint_name": "kinds", "input": {"message": "x"}, "output": "tool",
             "rating": "down", "correction": "fruit"}  # fmt: skip
    told = api("POST", "/feedback", wrong)
    pair = api("POST", f"/feedback/{told['id']}/to-training", {"training_sheet_id": made["id"]})
    assert pair["review_status"] == "pending"
    trail = api("GET", "/audit", limit=100)["items"]
    assert {row["user"] for row in trail} == {USER}


def test_a_foundation_model_of_the_workspace_answers(api: Api, source: str, template: str) -> None:
    empty = assembled(api, published(api, "empty", source), template, "empty", None)
    place = f"/training-sheets/{empty['id']}"
    api("POST", f"{place}/generate", {"limit": 20})
    until(lambda: api("GET", place)["empty_count"], lambda count: count == len(ROWS) - 20)
    pairs = api("GET", f"{place}/pairs", limit=100)["items"]
    answered = [pair["messages"] for pair in pairs if pair["messages"][-1]["role"] == "assistant"]
    assert len(answered) == 20
    assert all(m[-1]["content"] == kind_of(m[:-1]) for m in answered)


def test_the_grants_of_a_table_decide_who_sees_its_rows(
    running: Whole, api: Api, template: str
) -> None:
    """Both administer the workbench; only one of them has SELECT on the table."""
    engine, workspace = running.warehouse.engine, running.workspace
    engine.run("CREATE SCHEMA sales", {}, "default")
    engine.run("CREATE TABLE sales.orders (id STRING, text STRING)", {}, "default")
    engine.run("INSERT INTO sales.orders SELECT 'a', 'bring one pear'", {}, "default")
    workspace.catalog.grant("catalog", "workbench", "account users", "USE_CATALOG")
    workspace.catalog.grant("schema", "workbench.sales", "account users", "USE_SCHEMA")
    workspace.catalog.grant("table", "workbench.sales.orders", USER, "SELECT")
    sheet = published(api, "orders", "workbench.sales.orders")
    pairs = f"/training-sheets/{assembled(api, sheet, template, 'orders', None)['id']}/pairs"
    assert len(api("GET", f"/sheets/{sheet}/preview")["rows"]) == 1
    assert len(api("GET", pairs)["items"]) == 1

    bob = "bob@example.org"
    with proxied(running.app.url, bob, workspace.people.add(bob, "admins")) as url:
        other = Api(url)
        for path in (f"/sheets/{sheet}/preview", pairs):
            with pytest.raises(Refused, match=r"GRANT|SELECT") as refused:
                other("GET", path)
            assert refused.value.status == 403
        other.close()


def test_setup_makes_what_is_missing_and_finds_all_the_rest(api: Api) -> None:
    for thing in api("GET", "/setup"):
        if thing["state"] == "missing":
            api("POST", f"/setup/{thing['key']}")
    found = {thing["key"]: thing["state"] for thing in api("GET", "/setup")}
    assert found.pop("secrets") == "optional"  # no language model outside of the workspace is asked
    assert found == dict.fromkeys(found, "ready")
