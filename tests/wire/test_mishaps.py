"""What a workspace does to things that the workbench leans on; each test is named after it.

Each ends in a message that names the thing and the remedy, and nothing counts as done that is not.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ontos.bootstrap import open_workbench
from ontos.data.sheets import SheetSpec, create_sheet, list_sheets, preview_sheet, publish_sheet
from ontos.deploy.endpoints import (
    EndpointChange,
    EndpointSpec,
    create_endpoint,
    rollback_endpoint,
    update_endpoint,
)
from ontos.deploy.models import list_models
from ontos.deploy.queries import Query, query_endpoint
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.coverage import get_coverage
from ontos.generate.previews import PreviewSpec, preview_template
from ontos.generate.templates import TemplateSpec, create_template, publish_template
from ontos.generate.training_sheets import TrainingSheet, get_training_sheet
from ontos.govern.projects import ProjectSpec, create_project
from ontos.govern.setup import check_setup, make_setup
from ontos.kernel import jobs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, OntosError
from ontos.label.pairs import list_pairs
from ontos.train.training_jobs import (
    TrainingJobSpec,
    create_training_job,
    get_training_job,
)
from tests.deploy.made import settled
from tests.train.made import ended, training_sheet
from tests.wire.engine import Refused as ServerRefused
from tests.wire.inprocess import ELSEWHERE, Inside, inside
from tests.wire.workspace.half import register, until

ROWS = [{"ref": f"i{n}", "text": f"text {n}", "label": "greet"} for n in range(4)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("place")) as opened:
        yield opened
        assert opened.workspace.unforeseen == []


@pytest.fixture(scope="module")
def ann(place: Inside) -> Caller:
    return place.person()


@pytest.fixture
def made(place: Inside, ann: Caller, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A published sheet over a table of its own, and a template for it."""
    table = place.table(f"t_{abs(hash(request.node.name))}", ROWS)
    spec = SheetSpec(name="messages", source_table=table, item_id_column="ref")
    sheet = publish_sheet(ann, create_sheet(ann, spec).id)
    prompt = TemplateSpec(name="t", label_type="intent", user_prompt="Message: {{ text }}")
    template = publish_template(ann, create_template(ann, prompt).id)
    return {"table": table, "sheet": sheet.id, "template": template.id}


def assemble(caller: Caller, made: dict[str, Any]) -> TrainingSheet:
    spec = AssembleSpec(name="x", template_id=made["template"], column_mapping={"text": "text"},
                        response_column="label")  # fmt: skip
    return assemble_sheet(caller, made["sheet"], spec)


def assembled(caller: Caller, made: dict[str, Any]) -> TrainingSheet:
    begun = assemble(caller, made)
    return until(lambda: get_training_sheet(caller, begun.id),
                 lambda sheet: sheet.status != "assembling", 40)  # fmt: skip


def told(*looks: Any) -> list[str]:
    """What each says instead of an answer."""
    found = []
    for look in looks:
        with pytest.raises(OntosError) as refused:
            pytest.fail(f"it answers {look()}")
        found.append(refused.value.detail)
    return found


def over_the_table(caller: Caller, made: dict[str, Any]) -> list[str]:
    """What is said of everything that is done with the table of a sheet."""
    item = PreviewSpec(sheet_id=made["sheet"], column_mapping={"text": "text"})
    return told(
        lambda: preview_sheet(caller, made["sheet"]),
        lambda: get_coverage(caller, made["sheet"], made["template"]),
        lambda: preview_template(caller, made["template"], item),
        lambda: assemble(caller, made),
    )


def test_no_rights(place: Inside, made: dict[str, Any]) -> None:
    """The GRANT that lacks is spelled out, whatever lacks first."""
    bob = place.person("bob@example.org", reads=False)
    for said in over_the_table(bob, made):
        assert "Ask its owner for: GRANT USE CATALOG ON CATALOG `workbench` TO " in said
    grant = place.workspace.catalog.grant
    grant("catalog", "workbench", bob.user, "USE_CATALOG")
    grant("schema", ELSEWHERE, bob.user, "USE_SCHEMA")
    name = ".".join(f"`{part}`" for part in made["table"].split("."))
    for said in over_the_table(bob, made):
        assert f"GRANT SELECT ON TABLE {name} TO " in said


def test_a_token_revoked_in_mid_job(place: Inside, ann: Caller, made: dict[str, Any]) -> None:
    """The job waits until its end can be written; then it has failed, for that reason."""
    people, faults = place.workspace.people, place.warehouse.faults
    faults.delay = 0.3
    begun = assemble(ann, made)
    until(lambda: jobs.latest(ann, ("training_sheet", begun.id)),
          lambda job: job.progress > 0)  # fmt: skip
    secret, people.client = people.client, ("app-id", "another secret")
    faults.expired |= {token for token in place.warehouse.tokens if token.endswith("-of-app-id")}
    faults.delay = 0.0
    time.sleep(7.0)  # longer than the app tries to sign in
    people.client = secret
    job = until(lambda: jobs.latest(ann, ("training_sheet", begun.id)),
                lambda job: job.status != "running", 40)  # fmt: skip
    failed = get_training_sheet(ann, begun.id)
    assert (job.status, failed.status, failed.total_items) == ("failed", "failed", 0)
    assert "The app cannot sign in at" in (failed.error_message or "")
    assert "Check DATABRICKS_HOST, and DATABRICKS_CLIENT_ID" in (failed.error_message or "")
    assert assembled(ann, made).status == "ready"


def test_a_catalog_without_the_schema(place: Inside, ann: Caller) -> None:
    """Setup says which, and what to run; what it may make it makes."""

    def missing() -> dict[str, str | None]:
        return {each.key: each.remedy for each in check_setup(ann) if each.state == "missing"}

    place.workspace.catalog.drop("schema", "workbench.data_default")
    remedy = missing()["schema data_default"]
    assert remedy is not None
    assert remedy.startswith("CREATE SCHEMA `workbench`.`data_default`; GRANT USE SCHEMA, ")
    make_setup(ann, "schema data_default")
    assert "schema data_default" not in missing()


def test_a_schema_dropped_under_the_workbench(place: Inside, ann: Caller) -> None:
    """What needs it says so; at its next start the workbench makes it again."""
    create_project(ann, ProjectSpec(id="lost", title="Lost"))
    there = place.bench.directory.of_person(ann.person, project="lost")
    assert list_sheets(there).items == []
    place.sql("DROP SCHEMA org_default__lost CASCADE")
    (said,) = told(lambda: list_sheets(there))
    assert "which is the workbench's own. Start the workbench again" in said
    again = open_workbench(place.bench.settings)
    assert list_sheets(there).items == []
    again.close()


def test_an_app_that_may_not_make_schemas(tmp_path: Path) -> None:
    """Where one is missing it does not start, and says which GRANT it waits for; else it does."""
    with inside(tmp_path) as place:
        settings = place.bench.settings

        def permits(_token: str, sql: str, _schema: str) -> None:
            if sql.startswith("CREATE SCHEMA"):
                raise ServerRefused(
                    "[INSUFFICIENT_PERMISSIONS] Insufficient privileges: User does not have CREATE"
                    " SCHEMA on Catalog 'workbench'. SQLSTATE: 42501"
                )

        place.warehouse.service.permits = permits
        open_workbench(settings).close()
        with pytest.raises(Denied, match="Ask its owner for: GRANT CREATE SCHEMA ON CATALOG"):
            open_workbench(settings.model_copy(update={"org": "north"}))


def test_a_table_dropped_under_a_sheet(place: Inside, ann: Caller, made: dict[str, Any]) -> None:
    ready = assembled(ann, made)
    place.sql(f"DROP TABLE {made['table']}")
    for said in over_the_table(ann, made):
        assert f"the table {made['table']} of sheet 'messages' is gone" in said
        assert "Bring it back" in said
    with pytest.raises(Denied, match="is gone, or you may not see it"):
        list_pairs(place.person("carl@example.org"), ready.id)


def test_a_table_dropped_before_the_job_reads_it(
    place: Inside, ann: Caller, made: dict[str, Any]
) -> None:
    place.warehouse.faults.delay = 0.2
    begun = assemble(ann, made)
    place.sql(f"DROP TABLE {made['table']}")
    place.warehouse.faults.delay = 0.0
    failed = until(lambda: get_training_sheet(ann, begun.id),
                   lambda sheet: sheet.status != "assembling", 40)  # fmt: skip
    assert failed.status == "failed" and failed.total_items == 0
    assert made["table"] in (failed.error_message or "")


def test_a_column_type_changed_under_a_sheet(
    place: Inside, ann: Caller, made: dict[str, Any]
) -> None:
    """It is said, and nothing is cast in silence."""
    place.sql(f"DROP TABLE {made['table']}")
    place.sql(f"CREATE TABLE {made['table']} (ref STRING, text BIGINT, label STRING)")
    for said in over_the_table(ann, made):
        assert "another type in columns of sheet 'messages': text (was STRING, is BIGINT)" in said
        assert "make a new sheet" in said


def test_a_model_version_deleted_under_an_endpoint(place: Inside, ann: Caller) -> None:
    """It answers on while it is in memory; nothing goes to a version that is not there."""
    name = register(place.workspace, "brief", "hello", "good day", "welcome")
    create_endpoint(ann, EndpointSpec(name="desk", model_name=name, model_version="1"))
    settled(ann, "desk")
    update_endpoint(ann, "desk", EndpointChange(model_version="2"))
    settled(ann, "desk")
    for version in (1, 2):
        place.workspace.models.delete_version(name, version)
    asked = Query(inputs=[{"name": "Ann"}])
    assert query_endpoint(ann, "desk", asked).predictions == ["good day, Ann"]
    place.workspace.serving.restart("default-desk")
    query, rollback, update = told(
        lambda: query_endpoint(ann, "desk", asked), lambda: rollback_endpoint(ann, "desk"),
        lambda: update_endpoint(ann, "desk", EndpointChange(model_version="1")),
    )  # fmt: skip
    assert "version '2' does not exist" in query and "Update it to a version" in query
    for said in (rollback, update):
        assert f"{name} has no version '1'. Versions: 3." in said
    update_endpoint(ann, "desk", EndpointChange(model_version="3"))
    assert settled(ann, "desk").status == "ready"
    assert query_endpoint(ann, "desk", asked).predictions == ["welcome, Ann"]


def test_a_job_run_evicted(place: Inside, ann: Caller) -> None:
    """Training ends failed with the workspace's own words, and no version came of it."""
    sheet = training_sheet(ann)
    before = list_models(ann)
    spec = TrainingJobSpec(training_sheet_id=sheet.id, model_name="evicted")
    job = create_training_job(ann, spec)
    until(lambda: [run for run in place.workspace.jobs.runs.values() if run.process], bool, 60)
    place.workspace.jobs.evict(max(place.workspace.jobs.runs))
    failed = ended(ann, job.id, 60)
    assert failed.status == "failed" and failed.uc_model_version is None
    assert "The node was evicted: capacity was taken." in (failed.error_message or "")
    assert "Train again" in (failed.error_message or "")
    assert list_models(ann) == before
    assert get_training_job(ann, job.id).metrics == {}
