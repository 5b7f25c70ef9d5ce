"""What the Databricks half decides by itself: how the workspace's words become ours."""

import io
import json
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("databricks.sdk")

from databricks.sdk import errors as theirs
from databricks.sdk.service import catalog, jobs, serving
from requests import ConnectTimeout

from ontos.kernel import errors
from ontos.workspace.databricks.catalog import as_table, upper_type
from ontos.workspace.databricks.client import told, translated
from ontos.workspace.databricks.compute import command, ended, package, run_status
from ontos.workspace.databricks.models import as_version, from_registry
from ontos.workspace.databricks.serving import serving_state, split
from ontos.workspace.protocols import Column, ModelVersion, ServingState, Table


@pytest.mark.parametrize(
    "error, ours",
    [
        (theirs.NotFound("no table t"), errors.NotFound),
        (theirs.ResourceDoesNotExist("no table t"), errors.NotFound),
        (theirs.PermissionDenied("no USE SCHEMA"), errors.Denied),
        (theirs.Unauthenticated("token expired"), errors.Denied),
        (theirs.AlreadyExists("taken"), errors.Conflict),
        (theirs.ResourceConflict("update in progress"), errors.NotNow),
        (theirs.InvalidState("stopping"), errors.NotNow),
        (theirs.InvalidParameterValue("bad name"), errors.Invalid),
        (theirs.TooManyRequests("slow down"), errors.Unavailable),
        (theirs.InternalError("oops"), errors.Unavailable),
        (TimeoutError("Timed out after 0:00:20"), errors.Unavailable),
        (ConnectTimeout("no route"), errors.Unavailable),
        (ValueError("default auth: cannot configure"), errors.Unavailable),
    ],
)
def test_errors_keep_the_workspaces_words(error, ours):
    """SDK, errors: a class for each status and error code, TimeoutError once the retries are spent.
    Each becomes one of the workbench's own kinds, with the workspace's message in it."""
    told_as = translated(error, "The table t cannot be read")
    assert type(told_as) is ours
    assert told_as.detail.startswith(f"The table t cannot be read: {error}")


def test_our_own_errors_pass_as_they_are():
    """The workbench's own, nothing of Databricks: a refusal inside `told` is not
    told a second time."""
    with pytest.raises(errors.Refused, match="as it was"), told("x"):
        raise errors.Refused("as it was")


@pytest.mark.parametrize(
    "text, shown",
    [
        ("bigint", "BIGINT"),
        ("decimal(10,2)", "DECIMAL(10,2)"),
        ("timestamp_ntz", "TIMESTAMP_NTZ"),
        ("array<string>", "ARRAY<STRING>"),
        ("map<string,array<int>>", "MAP<STRING,ARRAY<INT>>"),
        ("struct<aB:string,c_1:struct<x:int>>", "STRUCT<aB:STRING,c_1:STRUCT<x:INT>>"),
    ],
)
def test_types_are_shown_in_upper_case(text, shown):
    """Tables API, ColumnInfo: `type_text` is the type as SQL or catalog string;
    shown in upper case."""
    assert upper_type(text) == shown


def test_a_table():
    """Tables API, TableInfo and ColumnInfo: comments, `nullable` (true by default), `type_name`."""
    info = catalog.TableInfo(
        catalog_name="c",
        schema_name="s",
        name="t",
        comment="about",
        columns=[
            catalog.ColumnInfo(name="a", type_text="string", nullable=False, comment="first"),
            catalog.ColumnInfo(name="b", type_name=catalog.ColumnTypeName.DOUBLE),
        ],
    )
    assert as_table(info) == Table(
        "c.s.t", (Column("a", "STRING", False, "first"), Column("b", "DOUBLE")), "about"
    )


def test_versions_with_and_without_tags():
    """Model Versions API, list: neither aliases nor tags; the registered model names the aliases.
    One version is asked of MLflow's `databricks-uc` registry, whose answer holds both."""
    aliases = [
        catalog.RegisteredModelAlias(alias_name="champion", version_num=2),
        catalog.RegisteredModelAlias(alias_name="old", version_num=1),
    ]
    info = catalog.ModelVersionInfo(version=2, run_id="r", created_at=1_700_000_000_000)
    at = "2023-11-14T22:13:20+00:00"
    assert as_version("c.s.m", info, aliases) == ModelVersion("c.s.m", "2", "r", at, ("champion",))
    found = {
        "name": "c.s.m",
        "version": "2",
        "creation_timestamp": "1700000000000",
        "run_id": "r",
        "tags": [{"key": "ontos.inputs", "value": '["message"]'}],
        "aliases": [{"alias": "champion", "version": "2"}],
    }
    assert from_registry(found) == ModelVersion(
        "c.s.m", "2", "r", at, ("champion",), {"ontos.inputs": '["message"]'}, ("message",)
    )


READY, NOT_READY = serving.EndpointStateReady.READY, serving.EndpointStateReady.NOT_READY
IDLE, MOVING, FAILED = (
    serving.EndpointStateConfigUpdate[name]
    for name in ("NOT_UPDATING", "IN_PROGRESS", "UPDATE_FAILED")
)


def described(ready, update, serves=None, pending=None, deployment=None, said=None):
    def entities(version):
        state = serving.ServedModelState(deployment=deployment, deployment_state_message=said)
        return [
            serving.ServedEntityOutput(entity_name="c.s.m", entity_version=version, state=state)
        ]

    return serving.ServingEndpointDetailed(
        state=serving.EndpointState(ready=ready, config_update=update),
        config=serving.EndpointCoreConfigOutput(served_entities=entities(serves))
        if serves
        else None,
        pending_config=serving.EndpointPendingConfig(served_entities=entities(pending))
        if pending
        else None,
    )


@pytest.mark.parametrize(
    "found, state",
    [
        (
            described(NOT_READY, MOVING, pending="1"),
            ServingState("e", "creating", "c.s.m", None, "1"),
        ),
        (
            described(NOT_READY, MOVING, serves="1"),
            ServingState("e", "creating", "c.s.m", None, "1"),
        ),
        (described(READY, IDLE, serves="1"), ServingState("e", "ready", "c.s.m", "1")),
        (
            described(READY, MOVING, serves="1", pending="2"),
            ServingState("e", "updating", "c.s.m", "1", "2"),
        ),
        (
            described(READY, FAILED, serves="1", pending="2", said="no memory"),
            ServingState("e", "failed", "c.s.m", "1", None, "no memory"),
        ),
        (
            described(NOT_READY, FAILED, pending="1", said="no memory"),
            ServingState("e", "failed", "c.s.m", None, None, "no memory"),
        ),
        (
            described(
                NOT_READY,
                IDLE,
                serves="1",
                said="broken",
                deployment=serving.ServedModelStateDeployment.DEPLOYMENT_FAILED,
            ),
            ServingState("e", "failed", "c.s.m", None, None, "broken"),
        ),
    ],
)
def test_states_of_an_endpoint(found, state):
    """Serving endpoints API: READY once all entities of the active config are; `config_update` is
    of the pending config, and each entity has its `deployment_state_message`."""
    answers = {state.model_version: 100} if state.model_version else {}
    assert serving_state("e", found) == replace(state, traffic=answers)


def test_an_endpoint_that_is_hardly_there():
    """Serving endpoints API, get: every field of the answer is optional; without
    a state it is creating."""
    state = serving_state("e", serving.ServingEndpointDetailed())
    assert (state.status, state.model_version) == ("creating", None)


def test_versions_share_the_traffic():
    """Serving endpoints API, traffic config: for each served entity a route, in whole percent."""
    entities, traffic = split("c.s.m", {"3": 100, "2": 0})
    assert [(e.entity_name, e.entity_version) for e in entities] == [("c.s.m", "3"), ("c.s.m", "2")]
    assert [(r.served_entity_name, r.traffic_percentage) for r in traffic.routes] == [
        (entities[0].name, 100),
        (entities[1].name, 0),
    ]


def test_the_version_with_most_traffic_is_the_one_that_answers():
    """Serving endpoints API, traffic config: routes name served entities, in no particular order.
    The workbench calls the one with the largest share the version that answers."""
    entities = [
        serving.ServedEntityOutput(name=f"v{n}", entity_name="c.s.m", entity_version=str(n))
        for n in (1, 2)
    ]
    traffic = serving.TrafficConfig(routes=[serving.Route(0, "v1"), serving.Route(100, "v2")])
    found = serving.ServingEndpointDetailed(
        state=serving.EndpointState(ready=READY, config_update=IDLE),
        config=serving.EndpointCoreConfigOutput(served_entities=entities, traffic_config=traffic),
    )
    assert serving_state("e", found).model_version == "2"


@pytest.mark.parametrize(
    "state, code, status",
    [
        ("QUEUED", None, "queued"),
        ("PENDING", None, "queued"),
        ("BLOCKED", None, "queued"),
        ("WAITING", None, "queued"),
        ("RUNNING", None, "running"),
        ("TERMINATING", None, "running"),
        ("TERMINATED", "SUCCESS", "succeeded"),
        ("TERMINATED", "CANCELED", "cancelled"),
        ("TERMINATED", "USER_CANCELED", "cancelled"),
        ("TERMINATED", "DRIVER_ERROR", "failed"),
        ("TERMINATED", "SUCCESS_WITH_FAILURES", "failed"),
        ("TERMINATED", None, "failed"),
    ],
)
def test_statuses_of_a_run(state, code, status):
    """Jobs API, RunStatus: its seven states, and codes of termination that are no success, a cancel
    by the user (USER_CANCELED) or by the platform (CANCELED), or a failure."""
    details = jobs.TerminationDetails(
        code=jobs.TerminationCodeCode(code) if code else None, message="because"
    )
    found = jobs.RunStatus(state=jobs.RunLifecycleStateV2State(state), termination_details=details)
    assert run_status(found)[0] == status
    if status == "failed":
        assert run_status(found)[1] == "because"


def test_a_run_without_a_status_waits():
    """Jobs API, Run: `status` is optional; without it the workbench takes the run for queued."""
    assert run_status(None) == ("queued", None)


def test_the_script_knows_best_how_it_ended():
    """Jobs API, TerminationDetails: the message is free text; what the script
    says comes before it."""
    assert ended("failed", "exit 1", '{"status": "failed", "error": "one class"}', ()).message == (
        "one class"
    )
    assert ended("succeeded", None, '{"model_version": "2"}', ()).status == "succeeded"
    for status, said in (("failed", "out of memory"), ("succeeded", None)):
        run = ended(status, said, "", ())
        assert run.status == "failed" and (said or "it ended well") in run.message


def test_the_package_travels_whole():
    """AI Runtime task: `code_source_path` is not for direct callers, so the
    package goes as a zip of ours."""
    code = zipfile.ZipFile(io.BytesIO(package(Path(__file__).parents[2] / "ontos")))
    assert {"ontos/__init__.py", "ontos/kernel/errors.py"} <= set(code.namelist())


def test_the_command_runs_the_script_and_publishes_what_it_leaves(tmp_path):
    """AI Runtime task: the file at `command_path` is run; if it fails, the task
    fails with its exit code."""
    run = tmp_path / "a run's folder"
    run.mkdir()
    (run / "config.json").write_text('{"word": "hello"}')
    script = (
        "import json, os, pathlib, sys\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "word = json.loads((folder / 'config.json').read_text())['word']\n"
        "(folder / 'events.jsonl').write_text('{}')\n"
        "(folder / 'result.json').write_text(json.dumps([word, os.environ['GREETING']]))\n"
        "print('said'); sys.exit(3)\n"
    )
    with zipfile.ZipFile(run / "code.zip", "w") as code:
        code.writestr("ontos/__init__.py", "")
        code.writestr("ontos/train/__init__.py", "")
        code.writestr("ontos/train/run.py", script)
    bash = command(str(run), {"GREETING": "it's $HOME"})
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-c", bash], capture_output=True, text=True, env={"PATH": path}, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (3, "said\n")
    assert json.loads((run / "result.json").read_text()) == ["hello", "it's $HOME"]
    assert {p.name for p in run.iterdir()} >= {"events.jsonl", "log.txt", "result.json"}


def test_a_request_to_end_reaches_the_script_and_its_last_words_get_out(tmp_path):
    """Not documented: how AI Runtime asks a script to end. Assumed: SIGTERM, sent to the shell
    alone, as a platform does that knows of no other process."""
    (run := tmp_path / "run").mkdir()
    script = (
        "import pathlib, signal, sys, time\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "def stop(number, frame):\n"
        "    (folder / 'result.json').write_text('stopped')\n"
        "    sys.exit(143)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        f"pathlib.Path({str(tmp_path / 'begun')!r}).touch()\n"
        "time.sleep(30)\n"
    )
    with zipfile.ZipFile(run / "code.zip", "w") as code:
        for name, text in (("__init__", ""), ("train/__init__", ""), ("train/run", script)):
            code.writestr(f"ontos/{name}.py", text)
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    shell = subprocess.Popen(["bash", "-c", command(str(run), {})], env={"PATH": path})
    while not (tmp_path / "begun").exists():
        assert shell.poll() is None
        time.sleep(0.02)
    shell.terminate()
    assert shell.wait(10) == 143
    assert (run / "result.json").read_text() == "stopped"
