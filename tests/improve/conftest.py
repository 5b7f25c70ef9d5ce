"""An endpoint over the session's trained model, with a sheet, an evaluation and ratings."""

import json
import time
from collections.abc import Iterator

import pyarrow as pa
import pytest

from ontos.data.sheets import SheetSpec, create_sheet
from ontos.deploy.endpoints import EndpointSpec, create_endpoint, get_endpoint
from ontos.improve.gaps import Analysis, Gap, analyze_gaps
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from tests.train.made import WORDS, Trained
from tests.trained import trained

__all__ = ["trained"]

ENDPOINT = "improving"
ANALYSIS = Analysis(endpoint_name=ENDPOINT, min_rate=0.1)
WRONG = ("fruit", 3)
"""Label, and how many of its answers the evaluation below got wrong; all in the channel `mail`."""


def found(served: Trained) -> dict[tuple[str, str | None], Gap]:
    return {(g.kind, g.label): g for g in analyze_gaps(served.caller, ANALYSIS).items}


@pytest.fixture
def served(trained: Trained) -> Iterator[Trained]:
    """The first version, served as `improving`, with an evaluation that holds known errors."""
    caller = trained.caller
    if not caller.warehouse.rows("SELECT name FROM endpoints WHERE name = :name", name=ENDPOINT):
        _sheet(caller, trained.sheet.sheet_id)
        _endpoint(caller, trained)
    _evaluation(caller, trained)  # the newest, whoever evaluated the shared model before
    yield trained
    for table in ("gaps", "feedback", "annotation_tasks"):
        caller.warehouse.execute(f"DELETE FROM {table}")


FEW = ("metal", 2)
"""Label, and how many approved examples of it are left by `scarce`; the others have 18 each."""


@pytest.fixture
def scarce(served: Trained) -> Iterator[Trained]:
    """The same, with few examples of one label. The workbench is shared, so they come back."""
    (label, left), warehouse = FEW, served.caller.warehouse
    of_label = zip(served.sheet.pair_ids, WORDS, strict=True)
    taken = [pair for pair, (_, kind) in of_label if kind == label][left:]
    move = (
        "UPDATE pairs SET review_status = :to"
        " WHERE id IN (SELECT explode(from_json(:ids, 'ARRAY<STRING>')))"
    )
    warehouse.execute(move, to="rejected", ids=json.dumps(taken))
    yield served
    warehouse.execute(move, to="approved", ids=json.dumps(taken))


@pytest.fixture
def retrained(served: Trained) -> Iterator[Gap]:
    """A gap for which the second version was trained."""
    gap, warehouse = next(iter(found(served).values())), served.caller.warehouse
    nothing = "UPDATE training_jobs SET source_gap_id = NULL WHERE source_gap_id = :gap"
    warehouse.execute(nothing, gap=gap.id)
    warehouse.execute(
        "UPDATE training_jobs SET source_gap_id = :gap WHERE id = :job",
        gap=gap.id, job=served.second.id,
    )  # fmt: skip
    warehouse.execute("UPDATE gaps SET status = 'retraining' WHERE id = :id", id=gap.id)
    yield gap
    warehouse.execute(nothing, gap=gap.id)


def _sheet(caller: Caller, sheet_id: str) -> None:
    """The rows behind the training sheet, with a channel to look for segments in."""
    rows = [
        {"item": f"i{n:04d}", "text": text, "channel": "mail" if n % 2 else "chat"}
        for n, (text, _) in enumerate(WORDS)
    ]
    caller.warehouse.execute(
        "CREATE TABLE workbench.data_default.kinds (item STRING, text STRING, channel STRING)"
    )
    caller.warehouse.append("workbench.data_default.kinds", pa.Table.from_pylist(rows))
    sheet = create_sheet(caller, SheetSpec(
        name="kinds", source_table="workbench.data_default.kinds", item_id_column="item",
        modalities={"channel": "metadata"},
    ))  # fmt: skip
    caller.warehouse.execute("UPDATE sheets SET id = :to WHERE id = :id", to=sheet_id, id=sheet.id)


def _evaluation(caller: Caller, trained: Trained) -> None:
    job, evaluation = trained.first, new_id()
    label, wrong = WRONG
    odd = [n for n, (_, kind) in enumerate(WORDS) if kind == label and n % 2][:wrong]
    answers = [
        {"evaluation_id": evaluation, "job_id": job.id, "pair_id": trained.sheet.pair_ids[n],
         "item_ref": f"i{n:04d}", "expected": kind, "predicted": "tool" if n in odd else kind}
        for n, (_, kind) in enumerate(WORDS[:18])
    ]  # fmt: skip
    caller.warehouse.append("evaluation_answers", pa.Table.from_pylist(answers))
    caller.warehouse.append("evaluations", pa.Table.from_pylist([
        {"id": evaluation, "job_id": job.id, "model_name": job.uc_model_name,
         "model_version": job.uc_model_version, "training_sheet_id": job.training_sheet_id,
         "examples": len(answers), "metric": "accuracy", "value": 1 - wrong / len(answers),
         "created_by": caller.user, "created_at": now()}
    ]))  # fmt: skip


def _endpoint(caller: Caller, trained: Trained) -> None:
    create_endpoint(caller, EndpointSpec(
        name=ENDPOINT, model_name=trained.first.uc_model_name or "",
        model_version=trained.first.uc_model_version or "",
    ))  # fmt: skip
    until = time.monotonic() + 60
    while (endpoint := get_endpoint(caller, ENDPOINT)).status != "ready":
        assert endpoint.status == "creating" and time.monotonic() < until, json.dumps(
            endpoint.model_dump(mode="json")
        )
        time.sleep(0.05)
