"""The command line, invoked in this process: on the store itself, and against a served app."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import ontos
from ontos.doors.cli import ALIASES, GROUPS, root
from ontos.kernel.settings import settings
from tests.doors.toys import SHELF

Run = Callable[..., Result]
UPLOADED = {"type": "application/octet-stream"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store of its own for the command line; nothing listens where it looks for an app."""
    place = tmp_path / "cli"
    for name, value in {"ONTOS_HOME": str(place), "PORT": "9"}.items():
        monkeypatch.setenv(name, value)
    for name in ("ONTOS_URL", "ONTOS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    yield place
    settings.cache_clear()


@pytest.fixture
def run(home: Path) -> Run:
    """`python -m ontos …` in this process."""

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(root, words, prog_name="python -m ontos")

    return invoke


def shown(result: Result) -> object:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def problem(result: Result) -> dict:
    assert result.exit_code == 1, result.output
    return json.loads(result.stderr[result.stderr.index("{") :])


def test_help_shows_stages_and_shortcuts(run: Run) -> None:
    text = run("--help").stdout
    for name in (*GROUPS, *ALIASES, "serve", "Examples"):
        assert name in text


def test_help_imports_no_stage() -> None:
    """Help is answered at once: nothing of the workbench is loaded for it."""
    code = (
        "import sys; from ontos.doors.cli import root; root(['--help'], standalone_mode=False);"
        "heavy = {'duckdb', 'pandas', 'mlflow', 'pydantic', 'mcp', 'fastapi'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_version_is_that_of_the_project(run: Run) -> None:
    project = tomllib.loads(Path(ontos.__file__).parents[1].joinpath("pyproject.toml").read_text())
    assert ontos.__version__ == project["project"]["version"]
    assert run("--version").stdout == f"ontos {ontos.__version__}\n"


def test_serve_says_how(run: Run) -> None:
    assert "make run" in run("serve").stdout


def test_every_operation_has_a_command(run: Run) -> None:
    from ontos.doors.cli import operations

    placed = {op.name for op in operations() if op.stage in GROUPS}
    assert placed | {name for name, _about in ALIASES.values()} == {op.name for op in operations()}


def test_a_stage_lists_its_commands(run: Run) -> None:
    text = run("data", "--help").stdout
    assert "create-toy" in text
    assert "Put a toy on the shelf." in text


def test_a_command_explains_its_options(run: Run) -> None:
    text = " ".join(run("data", "create-toy", "--help").stdout.split())
    assert "--name TEXT [required]" in text
    assert "--colour [red|blue] [default: red]" in text
    assert "--weight FLOAT In grams." in text
    assert "--loud / --no-loud" in text
    assert "--output TEXT" in text
    assert "--spec-table TEXT" in text, "--table is how rows are shown"
    assert "POST /toys, needs write on sheets." in text


def test_create_by_fields_read_and_delete(run: Run) -> None:
    made = shown(
        run("data", "create-toy", "--name", "top", "--colour", "blue", "--weight", "2.5",
            "--tags", "old", "--tags", "loved", "--sizes", "s=1", "--words", "s=1",
            "--parts", '[{"title": "peg"}]')
    )  # fmt: skip
    assert made == {
        "id": made["id"], "name": "top", "colour": "blue", "weight": 2.5,
        "tags": ["old", "loved"], "sizes": {"s": 1}, "words": {"s": "1"},
        "parts": [{"title": "peg"}],
    }  # fmt: skip
    assert shown(run("data", "get-toy", made["id"])) == made
    assert shown(run("data", "delete-toy", made["id"])) is None
    assert problem(run("data", "get-toy", made["id"]))["field"] == "toy_id"


@pytest.mark.parametrize("as_file", [True, False])
def test_a_body_as_json_with_fields_that_win(run: Run, tmp_path: Path, as_file: bool) -> None:
    text = json.dumps({"name": "top", "colour": "blue", "weight": 1})
    tmp_path.joinpath("toy.json").write_text(text)
    given = f"@{tmp_path / 'toy.json'}" if as_file else text
    made = shown(run("data", "create-toy", "--json", given, "--name", "ball"))
    assert (made["name"], made["colour"], made["weight"]) == ("ball", "blue", 1.0)


def test_a_page_is_its_rows_and_stderr_says_how_to_go_on(run: Run) -> None:
    for name in ("a", "b", "c"):
        run("data", "create-toy", "--name", name)
    first = run("data", "list-toys", "--limit", "2")
    assert [toy["name"] for toy in shown(first)] == ["a", "b"]
    hint, cursor = first.stderr.split()[-2:]
    assert hint == "--cursor"
    last = run("data", "list-toys", "--cursor", cursor)
    assert [toy["name"] for toy in shown(last)] == ["c"]
    assert last.stderr == ""


def test_rows_as_a_table(run: Run) -> None:
    run("data", "create-toy", "--name", "line")
    run("data", "create-toy", "--name", "x" * 60)
    head, first, second = run("data", "list-toys", "--table").stdout.splitlines()
    assert head.split() == ["id", "name", "colour", "weight"]
    assert first.split()[1:] == ["line", "red"]
    assert "x…" in second
    assert run("data", "list-toys", "--colour", "blue", "--table").stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("data", "create-toy"), "spec.name"),
        (("data", "create-toy", "--json", '{"nonsense": 1, "name": "x"}'), "spec.nonsense"),
        (("data", "get-toy", "not-an-id"), "toy_id"),
        (("data", "list-toys", "--limit", "0"), "limit"),
    ],
)
def test_a_refusal_is_a_problem_document(run: Run, words: tuple[str, ...], field: str) -> None:
    refused = problem(run(*words))
    assert refused["field"] == field
    assert refused["detail"].startswith(field)
    assert refused["correlation_id"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("data", "get-toy"), "Missing argument"),
        (("data", "no-such"), "No such command"),
        (("nonsense",), "No such command"),
        (("data", "create-toy", "--colour", "green"), "'red', 'blue'"),
        (("data", "create-toy", "--weight", "heavy"), "not a valid float"),
        (("data", "create-toy", "--json", "{"), "not JSON"),
        (("data", "create-toy", "--json", "@/no/such/file"), "cannot be read"),
        (("data", "create-toy", "--sizes", "s"), "KEY=VALUE"),
        (("data", "upload-toys", "/no/such/file"), "does not exist"),
    ],
)
def test_wrong_usage_ends_with_2(run: Run, words: tuple[str, ...], why: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert why in result.stderr


def test_a_file_is_uploaded_from_its_path(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "shelf of mine.csv"
    file.write_text("top\nball\n")
    answer = shown(run("data", "upload-toys", str(file), "--name", "shelf"))
    assert answer == UPLOADED | {"to": "shelf", "rows": 2, "file": "shelf of mine.csv"}


def test_a_download_goes_to_stdout_or_a_file(run: Run, tmp_path: Path) -> None:
    assert run("data", "export-toys", "--lines", "2").stdout == "toy ünit 0\ntoy ünit 1\n"
    file = tmp_path / "out.txt"
    saved = run("data", "export-toys", "--lines", "1", "--output", str(file))
    assert (saved.stdout, file.read_text("utf-8")) == ("", "toy ünit 0\n")


def test_a_job_is_waited_for(run: Run) -> None:
    toy = shown(run("data", "create-toy", "--name", "top"))
    polished = run("data", "polish-toy", toy["id"], "--times", "2")
    assert polished.exit_code == 0
    assert "Polish 2 times: succeeded 100 % polished" in polished.stderr
    assert SHELF[toy["id"]].colour == "shiny"


def test_a_job_that_fails_is_a_problem(run: Run) -> None:
    toy = shown(run("data", "create-toy", "--name", "top"))
    failed = run("data", "polish-toy", toy["id"], "--fail")
    assert "The cloth is gone" in problem(failed)["detail"]


def test_the_journal_names_the_door(run: Run) -> None:
    run("data", "create-toy", "--name", "top")
    trail = shown(run("govern", "list-audit"))
    assert [(e["operation"], e["door"]) for e in trail] == [("create_toy", "cli")]


def test_an_org_of_others_is_denied(run: Run) -> None:
    assert problem(run("--org", "nobodys", "data", "list-toys"))["field"] == "org"


def test_a_running_app_is_asked_over_rest(run: Run, url: str, tmp_path: Path, home: Path) -> None:
    made = shown(run("--url", url, "data", "create-toy", "--name", "O'Toole 🧸", "--tags", "old"))
    assert shown(run("--url", url + "/", "data", "get-toy", made["id"])) == made
    assert shown(run("--url", url, "data", "list-toys", "--colour", "red")) == [made]
    assert run("--url", url, "data", "export-toys", "--lines", "1").stdout == "toy ünit 0\n"
    file = tmp_path / "ä & b.csv"
    file.write_text("ball\n")
    answer = shown(run("--url", url, "data", "upload-toys", str(file), "--name", "shelf"))
    assert answer == UPLOADED | {"to": "shelf", "rows": 1, "file": "ä & b.csv"}
    assert shown(run("--url", url, "data", "delete-toy", made["id"])) is None
    assert not home.exists(), "the store was not opened"


def test_the_apps_refusals_are_passed_on(run: Run, url: str, reader: str) -> None:
    missing = problem(run("--url", url, "data", "get-toy", "0" * 32))
    assert (missing["status"], missing["field"]) == (404, "toy_id")
    named = problem(run("--url", url, "data", "create-toy"))
    assert named["field"] == "name"
    denied = run("--url", url, "--token", reader, "data", "create-toy", "--name", "top")
    assert problem(denied)["status"] == 403
    assert problem(run("--url", url, "--token", "made up", "data", "list-toys"))["status"] == 401
    assert problem(run("--url", url, "--org", "nobodys", "data", "list-toys"))["status"] == 403


@pytest.mark.parametrize(
    ("address", "detail"),
    [("http://127.0.0.1:9", "make run"), ("ftp://127.0.0.1", "http://"), ("nowhere", "http://")],
)
def test_an_address_without_an_app(run: Run, address: str, detail: str) -> None:
    assert detail in problem(run("--url", address, "data", "list-toys"))["detail"]


@pytest.fixture
def in_use(run: Run, home: Path) -> Iterator[None]:
    """The store is open in another process."""
    run("data", "list-toys")
    store = next(home.glob("*.duckdb"))
    code = (
        f"import duckdb; held = duckdb.connect({str(store)!r}); print('held', flush=True); input()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.communicate(b"\n")


@pytest.mark.usefixtures("in_use")
def test_where_the_store_is_in_use_the_app_is_asked(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", url.rpartition(":")[2])
    made = run("data", "create-toy", "--name", "top")
    assert shown(made)["name"] == "top"
    assert f"in use by the app at {url}" in made.stderr


@pytest.mark.usefixtures("in_use")
def test_where_the_store_is_in_use_by_something_else_it_says_so(run: Run) -> None:
    refused = problem(run("data", "list-toys"))
    assert "in use by another process" in refused["detail"]
