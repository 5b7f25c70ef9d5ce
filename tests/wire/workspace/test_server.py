"""What the server stands for beyond the workbench's own calls, asked by the real SDK."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from databricks.sdk import errors
from databricks.sdk.service import catalog, jobs, serving, sql

from ontos.workspace.databricks.client import Connection
from ontos.workspace.databricks.serving import split
from ontos.workspace.protocols import Column, Table
from tests.wire.workspace.half import opened, register, until

ENTITY = "workbench.data_default.greeter"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("workspace")) as workspace:
        workspace.catalog.add_table("main.sales.orders", {"id": "bigint"})
        yield workspace
        assert workspace.unforeseen == []


@pytest.fixture
def client(workspace):
    return Connection().client


def test_grants_are_changed_and_read_back(workspace, client):
    """Grants API: `update` adds and removes, `get` leaves out what is inherited, and
    `get_effective` counts what schema and catalog grant."""
    change = catalog.PermissionsChange(principal="sellers", add=[catalog.Privilege.SELECT])
    client.grants.update("table", "main.sales.orders", changes=[change])
    change = catalog.PermissionsChange(principal="sellers", add=[catalog.Privilege.USE_SCHEMA])
    client.grants.update("schema", "main.sales", changes=[change])
    [held] = client.grants.get("table", "main.sales.orders").privilege_assignments
    assert (held.principal, held.privileges) == ("sellers", [catalog.Privilege.SELECT])
    found = client.grants.get_effective("table", "main.sales.orders", principal="sellers")
    [mine] = found.privilege_assignments
    assert {each.privilege.value for each in mine.privileges} == {"SELECT", "USE_SCHEMA"}


def test_only_owners_and_administrators_grant(workspace):
    """Grants API: access is granted by an administrator, by the owner of the object or of its
    schema or catalog; and, by Unity Catalog's privileges, by whoever holds MANAGE."""
    theirs = Connection(workspace.people.add("bob@example.org")).client
    change = catalog.PermissionsChange(principal="bob@example.org", add=[catalog.Privilege.SELECT])
    with pytest.raises(errors.PermissionDenied, match="MANAGE"):
        theirs.grants.update("table", "main.sales.orders", changes=[change])


def test_a_schema_is_made_by_whoever_may(workspace, client):
    """Schemas API, create: for an administrator, or with CREATE SCHEMA in the
    catalog; its maker owns it."""
    client.schemas.create("made", "workbench")
    assert client.schemas.get("workbench.made").owner == "app-id"
    theirs = Connection(workspace.people.add("bob@example.org")).client
    with pytest.raises(errors.PermissionDenied, match="USE CATALOG"):
        theirs.schemas.create("other", "workbench")


def test_several_ask_what_is_there_while_tables_come(workspace, client):
    """Tables API, list: all of a schema's tables that the person may see, whoever asks beside."""
    names = [f"main.busy.t{at}" for at in range(8)]

    def tables():
        for name in names:
            time.sleep(0.0005)
            yield Table(name, (Column("id", "BIGINT"),))

    workspace.catalog.engine = tables
    try:
        with ThreadPoolExecutor(8) as threads:
            listed = [threads.submit(_names, client, "main", "busy") for _ in range(40)]
            got = [threads.submit(client.tables.get, name) for name in names * 5]
        assert all(each.result() == names for each in listed)
        assert [each.result().full_name for each in got] == names * 5
    finally:
        workspace.catalog.engine = None


def test_a_job_with_a_schedule(client):
    """Jobs API: a cron expression in Quartz syntax, at least six fields; a job is kept, shown,
    listed and deleted. Not documented: the refusal of one that is no such expression."""
    nightly = jobs.CronSchedule("0 0 3 * * ?", "UTC")
    made = client.jobs.create(name="nightly", schedule=nightly)
    assert client.jobs.get(made.job_id).settings.schedule == nightly
    assert [job.settings.name for job in client.jobs.list()] == ["nightly"]
    client.jobs.delete(made.job_id)
    assert list(client.jobs.list()) == []
    with pytest.raises(errors.InvalidParameterValue, match="Quartz"):
        client.jobs.create(name="wrong", schedule=jobs.CronSchedule("* * *", "UTC"))


def test_a_task_needs_an_environment_and_one_deployment(client):
    """AI Runtime task: exactly one deployment. Jobs API: serverless tasks name an
    environment by its key."""
    compute = jobs.ComputeSpec(jobs.ComputeSpecAcceleratorType.GPU_1X_A10, 1)
    deployment = jobs.DeploymentSpec(compute, "/Volumes/a/b/c/command.sh")
    task = jobs.AiRuntimeTask("x", [deployment, deployment], mlflow_experiment_directory="/Shared")
    asked = jobs.SubmitTask("train", environment_key="train", ai_runtime_task=task)
    with pytest.raises(errors.InvalidParameterValue, match="environment"):
        client.jobs.submit(tasks=[asked])


def test_an_endpoint_counts_and_limits(workspace, client):
    """Serving endpoints API: metrics for Prometheus, a list of config summaries, `calls` in a
    minute as the AI Gateway's limit. Not documented there: 429 for those beyond."""
    register(workspace, "greeter", "hello")
    _create(client, "hello", ENTITY, {"1": 100})
    until(
        lambda: client.serving_endpoints.get("hello").state.ready,
        lambda ready: ready is serving.EndpointStateReady.READY,
    )
    limit = serving.AiGatewayRateLimit(serving.AiGatewayRateLimitRenewalPeriod.MINUTE, 1)
    client.serving_endpoints.put_ai_gateway("hello", rate_limits=[limit])
    answer = client.serving_endpoints.query("hello", dataframe_records=[{"name": "Ann"}])
    assert answer.predictions == ["hello, Ann"] and answer.served_model_name == "version-1"
    url = f"{workspace.url}/serving-endpoints/hello/invocations"
    asked = {"dataframe_records": [{"name": "Ann"}]}
    # Bare HTTP: the SDK would wait and ask again.
    again = requests.post(url, json=asked, headers=client.config.authenticate(), timeout=5)
    assert again.status_code == 429
    told = client.serving_endpoints.export_metrics("hello").contents.read().decode()
    assert 'request_count_total{served_entity_name="version-1"} 1' in told
    [listed] = client.serving_endpoints.list()
    [entity] = listed.config.served_entities
    assert (listed.name, entity.entity_name, entity.entity_version) == ("hello", ENTITY, "1")


def test_traffic_must_sum_to_a_hundred(workspace, client):
    """Serving endpoints API, traffic config: from 0 to 100 percent a route. Not documented there:
    that routes which sum to less are refused."""
    register(workspace, "halves", "hello", "good day")
    with pytest.raises(errors.InvalidParameterValue, match="sum to 100"):
        _create(client, "halves", "workbench.data_default.halves", {"1": 50, "2": 40})


def test_a_split_reaches_both_versions(workspace, client):
    """Serving endpoints API, traffic config: each route gets its percentage of
    the endpoint's traffic."""
    name = register(workspace, "both", "hello", "good day")
    _create(client, "both", name, {"1": 50, "2": 50})
    until(lambda: workspace.serving.endpoints["both"].active, lambda active: active is not None)
    query = client.serving_endpoints.query
    seen = {query("both", dataframe_records=[{"name": "Ann"}]).predictions[0] for _ in range(20)}
    assert seen == {"hello, Ann", "good day, Ann"}


def test_a_foundation_model_answers_messages(workspace, client):
    """Serving endpoints API, query: `messages` are for chat models, which answer with `choices`."""
    workspace.serving.chats["llama"] = lambda messages: messages[-1]["content"].upper()
    said = serving.ChatMessage("hello", serving.ChatMessageRole.USER)
    assert client.serving_endpoints.get("llama").state.ready is serving.EndpointStateReady.READY
    answer = client.serving_endpoints.query("llama", messages=[said])
    assert answer.choices[0].message.content == "HELLO"


def test_external_lineage_needs_both_ends(client):
    """External Lineage API: a relationship is with an external metadata object, registered by its
    own API. Not documented: the 404 where it is not registered."""
    table = catalog.ExternalLineageObject(table=catalog.ExternalLineageTable("main.sales.orders"))
    outside = catalog.ExternalLineageObject(
        external_metadata=catalog.ExternalLineageExternalMetadata("sheet-1")
    )
    link = catalog.CreateRequestExternalLineage(source=table, target=outside)
    with pytest.raises(errors.NotFound, match="sheet-1"):
        client.external_lineage.create_external_lineage_relationship(link)
    system = catalog.SystemType.OTHER
    made = catalog.ExternalMetadata(name="sheet-1", system_type=system, entity_type="sheet")
    client.external_metadata.create_external_metadata(made)
    assert client.external_lineage.create_external_lineage_relationship(link).id


def test_a_folder_of_the_workspace(client):
    """Workspace API: `get_status` answers RESOURCE_DOES_NOT_EXIST, `mkdirs` makes
    the parents as well."""
    with pytest.raises(errors.NotFound):
        client.workspace.get_status("/Shared/none")
    client.workspace.mkdirs("/Workspace/Shared/a/b")
    assert client.workspace.get_status("/Shared/a").path == "/Shared/a"


def _names(client, *place):
    return [table.full_name for table in client.tables.list(*place)]


def _create(client, name, model, shares):
    entities, traffic = split(model, shares)
    config = serving.EndpointCoreConfigInput(name, served_entities=entities, traffic_config=traffic)
    client.serving_endpoints.create(name, config=config)


def test_a_warehouse_tells_its_state(workspace, client):
    """Warehouses API: get and list tell the state. SDK, errors: NotFound for an
    id that is not there."""
    workspace.warehouses.states["abc"] = sql.State.STOPPED
    assert client.warehouses.get("abc").state is sql.State.STOPPED
    assert [each.id for each in client.warehouses.list()] == ["abc"]
    with pytest.raises(errors.NotFound, match="SQL warehouse none"):
        client.warehouses.get("none")
