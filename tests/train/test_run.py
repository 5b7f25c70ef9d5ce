"""The training script, as compute runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ontos.train import run
from ontos.train.run import main
from ontos.train.split import assign
from ontos.train.tracking import Stopped
from ontos.train.trainers import trainer_for
from ontos.workspace.local.models import LocalModels
from tests.train.sentences import ROWS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "Message: {{ message }}\nAbout:"
CONFIG = {
    "job_id": "job-1",
    "model_name": "desk",
    "trainer": "auto",
    "seed": 7,
    "inputs": ["message"],
    "system_prompt": None,
    "user_prompt": TEMPLATE,
    "label_type": "topic",
    "options": {"C": [10]},
    "experiment": "ontos",
    "tags": {"ontos.org": "default"},
}


def lay_out(folder, rows=ROWS, sides=None, **config):
    folder.mkdir(parents=True)
    refs, responses = [f"i{n}" for n in range(len(rows))], [label for _, label in rows]
    if sides is None:
        sides = assign(refs, responses, 0.8, 7).sides
    pq.write_table(
        pa.table(
            {
                "pair_id": [f"p{n}" for n in range(len(rows))],
                "item_ref": refs,
                "prompt": [f"Message: {text}\nAbout:" for text, _ in rows],
                "response": responses,
                "side": sides,
            }
        ),
        folder / "pairs.parquet",
    )
    (folder / "config.json").write_text(json.dumps(CONFIG | config), "utf-8")
    return folder


def started(folder, home):
    env = dict(os.environ) | LocalModels(home).tracking_env() | {"PYTHONPATH": str(ROOT)}
    with (folder / "log.txt").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "ontos.train.run", str(folder)],
            cwd=folder,
            env=env,
            stdout=log,
            stderr=log,
        )


def events_of(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text("utf-8").splitlines()]


def result_of(folder):
    return json.loads((folder / "result.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def done(home):
    """A folder in which a model was trained, by the script in a process of its own."""
    folder = lay_out(home / "runs" / "first")
    assert started(folder, home).wait(120) == 0, (folder / "log.txt").read_text("utf-8")
    return folder


@pytest.fixture
def within():
    """Runs the script in this process, and gives the process its own ending back."""
    former = signal.getsignal(signal.SIGTERM)
    yield lambda folder: main([str(folder)])
    signal.signal(signal.SIGTERM, former)


def test_it_tells_how_it_goes(done):
    events = events_of(done)
    progress = [event["progress"] for event in events]
    assert progress == sorted(progress) and progress[-1] == 100 and len(events) > 5
    assert all(event["at"].endswith("+00:00") and event["message"] for event in events)
    assert any("C=10" in event["message"] for event in events if "metrics" in event)


def test_its_result_is_whole(done):
    result = result_of(done)
    assert (result["status"], result["model_name"], result["model_version"]) == (
        "succeeded",
        "desk",
        "1",
    )
    assert (result["trainer"], result["head"]) == ("classifier", "tfidf-logistic")
    metrics = result["metrics"]
    assert metrics["val_accuracy"] >= 0.7 and metrics["train_accuracy"] >= metrics["val_accuracy"]
    assert metrics["train_pairs"] + metrics["val_pairs"] == len(ROWS) and metrics["classes"] == 4
    assert 0 < metrics["val_macro_f1"] <= 1 and metrics["train_seconds"] > 0


def test_every_pair_has_a_prediction(done):
    table = pq.read_table(done / "predictions.parquet").to_pylist()
    val = [row for row in table if row["side"] == "val"]
    right = sum(row["prediction"] == row["response"] for row in val) / len(val)
    assert len(table) == len(ROWS)
    assert right == pytest.approx(result_of(done)["metrics"]["val_accuracy"])


@pytest.mark.filterwarnings("ignore")  # of MLflow's own dependencies
def test_the_registered_version_answers(done, home):
    models = LocalModels(home)
    version = models.version("desk", "1")
    assert version.inputs == ("message",) and version.run_id == result_of(done)["run_id"]
    assert version.tags["ontos.job_id"] == "job-1" and version.tags["ontos.org"] == "default"
    model = models.load("desk", "1")
    asked = pd.DataFrame({"message": ["are you open on monday", "renew the loan of my book"]})
    assert model.predict(asked) == ["opening_hours", "renew_loan"]
    files = (home / "mlartifacts").rglob("*")
    assert sum(file.stat().st_size for file in files) < 2_000_000
    assert not list(done.glob("mlruns"))


def test_told_to_stop_it_stops_and_registers_nothing(tmp_path):
    slow = {"C": [0.1, 0.3, 1, 3, 10, 30]}  # seconds of work, so that it is met at work
    folder = lay_out(tmp_path / "run", rows=list(ROWS) * 100, options=slow)
    process = started(folder, tmp_path)
    end = time.monotonic() + 60
    while not (folder / "events.jsonl").exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGTERM
    assert result_of(folder)["status"] == "cancelled"
    assert LocalModels(tmp_path).names() == []


def test_a_stop_that_was_lost_on_the_way_still_stops(tmp_path, within, monkeypatch):
    """Python drops what a signal's handler raises inside a finalizer."""

    def told_to_stop(*asked):
        with suppress(Stopped):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
        return trainer_for(*asked)

    monkeypatch.setattr(run, "trainer_for", told_to_stop)
    folder = lay_out(tmp_path / "run")
    assert within(folder) == 128 + signal.SIGTERM
    assert result_of(folder)["status"] == "cancelled"
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rows": [(text, "same") for text, _ in ROWS]}, "same response, “same”"),
        ({"sides": ["train"] * len(ROWS)}, "no example on the validation side"),
        ({"user_prompt": "{{ other }}"}, "uses other"),
        ({"user_prompt": "{{ unclosed"}, "mistake in line 1"),
        ({"inputs": []}, "wrong at inputs"),
        ({"trainer": "magic"}, "wrong at trainer"),
        ({"options": {"C": [-1]}}, "wrong at options.C.0"),
        ({"options": {"unheard": 1}}, "wrong at options.unheard"),
    ],
)
def test_a_refusal_is_a_result_with_its_reason(tmp_path, within, change, reason):
    folder = lay_out(tmp_path / "run", **change)
    assert within(folder) == 1
    result = result_of(folder)
    assert result["status"] == "failed" and reason in result["error"]
    assert not (tmp_path / "mlflow.db").exists()


def test_missing_inputs_are_told(tmp_path, within):
    folder = lay_out(tmp_path / "run")
    (folder / "pairs.parquet").write_bytes(b"not parquet")
    assert within(folder) == 1 and "pairs.parquet" in result_of(folder)["error"]
    (folder / "config.json").unlink()
    assert within(folder) == 1 and "config.json" in result_of(folder)["error"]


def test_without_a_folder_it_says_how(tmp_path, within, capsys):
    assert within(tmp_path / "nowhere") == 1
    assert "python -m ontos.train.run FOLDER" in capsys.readouterr().err
