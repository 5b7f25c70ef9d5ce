import io
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

import ontos.workspace
from ontos.kernel.errors import Invalid, Unavailable
from ontos.kernel.settings import Settings
from ontos.warehouse import open_embedded
from ontos.workspace import local_workspace


@pytest.fixture
def open_org(tmp_path: Path):
    engine = open_embedded(None)

    def make(org: str, **chosen):
        return local_workspace(Settings(home=tmp_path, **chosen), engine, org)

    yield make
    engine.close()


def test_what_is_heavy_is_shared_by_all_callers_of_an_org(open_org):
    one, two = open_org("north"), open_org("north")
    assert (one.models, one.serving, one.compute) == (two.models, two.serving, two.compute)


def test_orgs_share_nothing(open_org):
    north, south = open_org("north"), open_org("south")
    north.files.put("a", io.BytesIO(b"1"))
    assert south.files.list("") == []
    assert north.serving is not south.serving and north.compute is not south.compute
    assert north.models is not south.models


def test_each_org_has_its_own_registry(open_org, tmp_path):
    env = open_org("north").models.tracking_env()
    assert env["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path}/orgs/north/mlflow.db"
    assert open_org("north").models.names() == open_org("south").models.names() == []
    assert not (tmp_path / "orgs" / "south").exists()


def test_opening_writes_nothing(open_org, tmp_path):
    open_org("north").models.check()
    assert list(tmp_path.iterdir()) == []


def test_an_org_cannot_leave_the_home(open_org):
    with pytest.raises(Invalid):
        open_org("../elsewhere")


def test_the_language_model_is_the_configured_one(open_org):
    chosen = {"llm_base_url": "http://127.0.0.1:9/v1", "llm_model": "tiny"}
    assert open_org("north", **chosen, llm_api_key=SecretStr("k")).llm.model == "tiny"
    none = open_org("north", llm_base_url=None, llm_model=None).llm
    with pytest.raises(Unavailable):
        none.complete([])


def test_all_that_is_exported_is_there():
    for name in ontos.workspace.__all__:
        assert getattr(ontos.workspace, name)
    with pytest.raises(AttributeError):
        _ = ontos.workspace.nothing_of_this_name


def test_importing_the_package_imports_nothing_heavy():
    heavy = {"mlflow", "pandas", "databricks", "httpx", "openai", "sklearn"}
    code = (
        f"import sys, ontos.workspace.local.workspace, ontos.workspace.databricks.workspace; "
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert said.stdout.strip() == "[]"
