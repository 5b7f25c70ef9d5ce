"""What a deployment reads: app.yaml, the bundle and the job's SQL, held to what they speak of.

With ONTOS_BUNDLE_SCHEMA naming the output of `databricks bundle schema`, the bundle is checked
against that as well.
"""

import copy
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import SYSTEM, desired
from ontos.warehouse.delta import clustered
from ontos.warehouse.dialect.translation import parsed
from ontos.warehouse.migrate import declarations, declared
from ontos.workspace.databricks.secrets import LLM_KEY, SCOPE

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy.md"
TARGETS = ("dev", "prod", "prod-api")
BUNDLE_ONLY = {"source_code_path", "config"}
"""Keys of an app that the bundle reads itself."""


@cache
def bundle() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "databricks.yml").read_text())


def app(target: str = "dev") -> dict[str, Any]:
    """With what the target adds: the bundle appends its lists to those of the app."""
    whole = copy.deepcopy(bundle()["resources"]["apps"]["workbench"])
    added = bundle()["targets"][target]["resources"]["apps"]["workbench"]
    whole["config"]["env"] += added["config"]["env"]
    whole["resources"] += added["resources"]
    return whole


def job(name: str) -> dict[str, Any]:
    return bundle()["resources"]["jobs"][name]


def app_yaml(external: bool = False) -> dict[str, Any]:
    """`external`: changed as its comment says, for a language model outside of the workspace."""
    text = (ROOT / "app.yaml").read_text()
    if external:
        text, optional = text.split("  - name: ONTOS_LLM_MODEL\n    valueFrom: llm\n")
        text += re.sub(r"(?m)^  # (?=- name|  value)", "  ", optional)
    return yaml.safe_load(text)


def test_every_resource_is_one_that_the_sdk_knows() -> None:
    """A key or a choice that the API does not have would not come back."""
    from databricks.sdk.service import apps, catalog, jobs, sql

    resources = bundle()["resources"]
    kept = {family: each for family, each in resources.items() if family != "apps"}
    resources = kept | {"apps": {target: app(target) for target in TARGETS}}
    assert set(resources) == {"apps", "sql_warehouses", "schemas", "volumes", "jobs"}
    kinds = {
        "apps": apps.App, "sql_warehouses": sql.GetWarehouseResponse, "jobs": jobs.JobSettings,
        "schemas": catalog.SchemaInfo, "volumes": catalog.VolumeInfo,
    }  # fmt: skip
    for family, kind in kinds.items():
        for name, written in resources[family].items():
            sent = {key: value for key, value in written.items() if key not in BUNDLE_ONLY}
            assert kind.from_dict(sent).as_dict() == sent, (family, name)


@pytest.mark.parametrize(
    ("target", "external"), [("dev", False), ("prod", False), ("prod-api", True)]
)
def test_both_ways_of_starting_the_app_agree(target: str, external: bool) -> None:
    config, alone = app(target)["config"], app_yaml(external)
    assert config["command"] == alone["command"]
    assert [e["name"] for e in config["env"]] == [e["name"] for e in alone["env"]]
    sources = {e["name"]: e["value_from"] for e in config["env"] if "value_from" in e}
    assert sources == {e["name"]: e["valueFrom"] for e in alone["env"] if "valueFrom" in e}


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_app_is_given_are_settings_and_declared_resources(target: str) -> None:
    """A source without its resource stops the app; a variable that is given twice is in doubt."""
    names = {f"ONTOS_{field.upper()}" for field in Settings.model_fields}
    whole = app(target)
    resources = [resource["name"] for resource in whole["resources"]]
    given = [entry["name"] for entry in whole["config"]["env"]]
    assert set(given) <= names
    assert len(set(given)) == len(given) and len(set(resources)) == len(resources)
    for entry in whole["config"]["env"]:
        assert "value" in entry or entry["value_from"] in resources


def test_what_the_app_is_given_can_be_read() -> None:
    values = {e["name"].removeprefix("ONTOS_").lower(): e["value"] for e in app_yaml()["env"]
              if "value" in e}  # fmt: skip
    assert Settings(**values).identity == "proxy"


def test_only_a_language_model_elsewhere_takes_a_secret() -> None:
    """Every other deployment works where there is none."""
    asked = {target: [r["secret"] for r in app(target)["resources"] if "secret" in r]
             for target in TARGETS}  # fmt: skip
    assert asked["dev"] == asked["prod"] == []
    assert [secret["permission"] for secret in asked["prod-api"]] == ["READ"]
    sources = {e["name"]: e.get("value_from") for e in app("prod-api")["config"]["env"]}
    assert sources["ONTOS_LLM_API_KEY"] == "llm-key"
    variables = bundle()["variables"]
    assert variables["llm_secret_scope"]["default"] == SCOPE
    assert variables["llm_secret_key"]["default"] == LLM_KEY


def test_a_warehouse_is_named_by_its_id_or_by_its_path() -> None:
    assert Settings(http_path="0123abcd").http_path == "/sql/1.0/warehouses/0123abcd"
    assert Settings(http_path="/sql/1.0/warehouses/7").http_path == "/sql/1.0/warehouses/7"


def test_dev_and_prod_keep_apart() -> None:
    targets = bundle()["targets"]
    assert {name: target["mode"] for name, target in targets.items()} == {
        "dev": "development", "prod": "production", "prod-api": "production",
    }  # fmt: skip
    default = bundle()["variables"]["catalog"]["default"]
    assert targets["dev"]["variables"]["catalog"] != default


@pytest.mark.parametrize(
    ("task", "system", "given", "used"),
    [
        ("maintain", False, {"schema": "org_${var.org}"}, "IDENTIFIER(:schema)"),
        ("maintain_system", True, {}, SYSTEM),  # a run for another org names that one's schema
    ],
)
def test_the_job_keeps_every_table(
    task: str, system: bool, given: dict[str, str], used: str
) -> None:
    tasks = {each["task_key"]: each["sql_task"] for each in job("maintain")["tasks"]}
    assert set(tasks) == {"maintain", "maintain_system"}
    assert tasks[task]["parameters"] == {"catalog": "${var.catalog}", **given}
    text = (ROOT / tasks[task]["file"]["path"]).read_text()
    assert re.findall(r"^USE (\w+) (.+);$", text, re.M) == [
        ("CATALOG", "IDENTIFIER(:catalog)"), ("SCHEMA", used),
    ]  # fmt: skip
    tables = set(declared(desired(system)))
    for verb in ("OPTIMIZE", "VACUUM"):
        assert set(re.findall(rf"^{verb} (\w+);$", text, re.M)) == tables


@pytest.mark.parametrize(
    "right", ["USE CATALOG ON CATALOG", "USE SCHEMA, SELECT, MODIFY ON SCHEMA"]
)
def test_what_the_job_must_be_granted_is_told(right: str) -> None:
    """The app owns its tables, and a job runs as whoever deployed it: nobody has that by itself."""
    assert "run_as" not in job("maintain")
    grants = re.findall(r"^GRANT (.+?) TO `<you>`;$", DEPLOY.read_text(), re.M)
    schemas = {"workbench_dev"} if "CATALOG ON" in right else {
        "workbench_dev.org_default", f"workbench_dev.{SYSTEM}"}  # fmt: skip
    assert {grant.removeprefix(f"{right} ") for grant in grants if right in grant} == schemas


def test_tables_that_stand_are_clustered_as_new_ones_are() -> None:
    text = (ROOT / "deploy" / "cluster.sql").read_text()
    wanted = {}
    for system, at in ((False, ""), (True, f"{SYSTEM}.")):
        for each in declarations(desired(system)):
            if keys := clustered(parsed(each.create)):
                wanted[at + each.table] = ", ".join(keys)
    assert dict(re.findall(r"^ALTER TABLE (\S+) CLUSTER BY \((.+)\);$", text, re.M)) == wanted
    assert "deploy/cluster.sql" in DEPLOY.read_text()


def test_every_variable_that_is_used_is_declared() -> None:
    used = set(re.findall(r"\$\{var\.(\w+)\}", (ROOT / "databricks.yml").read_text()))
    assert used == set(bundle()["variables"])


def test_the_bundle_follows_its_public_schema() -> None:
    place = os.environ.get("ONTOS_BUNDLE_SCHEMA")
    if not place:
        pytest.skip("ONTOS_BUNDLE_SCHEMA does not name the output of `databricks bundle schema`")
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(json.loads(Path(place).read_text()))
    assert [str(error) for error in validator.iter_errors(bundle())] == []
