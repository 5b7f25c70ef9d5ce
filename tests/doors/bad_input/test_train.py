"""TRAIN: nothing to learn from, nothing to tell apart, and settings out of their range."""

import pytest

from tests.doors.bad_input.world import Case, World, refused
from tests.train.made import WORDS, training_sheet

JOBS = "POST /training/jobs"
JOB = {"training_sheet_id": "{approved}", "model_name": "kinds"}


def setting(what: str, field: str, says: str, **config: object) -> Case:
    return Case(
        what, JOBS, 422, f"training_config.{field}", says, JOB | {"training_config": config}
    )


def raw(what: str, field: str, text: str) -> Case:
    body = '{"training_sheet_id": "' + "f" * 32 + f'", "model_name": "kinds", {text}}}'
    return Case(what, JOBS, 422, field, "must be", content=body)


CASES = [
    Case("no eligible pair", JOBS, 422, "training_sheet_id", "6 pending review. Approve pairs",
         JOB | {"training_sheet_id": "{pairs}"}),
    Case("a single class", JOBS, 422, "training_sheet_id", "at least two different responses",
         JOB | {"training_sheet_id": "{alike}"}),
    Case("one pair", JOBS, 422, "training_sheet_id", "The only pair has the same response",
         JOB | {"training_sheet_id": "{single}"}),
    Case("a sheet that is assembling", JOBS, 422, "training_sheet_id", "Train on one that is ready",
         JOB | {"training_sheet_id": "{assembling}"}),
    Case("a missing training sheet", JOBS, 404, "training_sheet_id", "List training sheets",
         JOB | {"training_sheet_id": "{unknown}"}),
    Case("an id that is none", JOBS, 422, "training_sheet_id", "is not an id",
         JOB | {"training_sheet_id": "latest"}),
    *(Case(f"model called {name[:12]!r}", JOBS, 422, "model_name", "use letters, digits, - and _",
           JOB | {"model_name": name})
      for name in ("", "a b", "a'; --", "a\n", "🧸", "../kinds", "x" * 10_000)),
    *(Case(f"{share} to train on", JOBS, 422, "train_val_split", "must be",
           JOB | {"train_val_split": share}) for share in (0, 1, -1, "most")),
    Case("unknown trainer", JOBS, 422, "trainer", "must be 'auto'", JOB | {"trainer": "wizard"}),
    setting("unknown setting", "depth", "Correct its name", depth=3),
    setting("negative seed", "seed", "greater than or equal to 0", seed=-1),
    setting("seed beyond its range", "seed", "must be less than", seed=2**32),
    setting("no strength", "C", "at least 1 item", C=[]),
    setting("strength of nothing", "C.1", "must be greater than 0", C=[1, 0]),
    setting("confidence over all", "abstain_threshold", "less than or equal to 1",
            abstain_threshold=2),
    setting("zero byte", "abstain_text", "Take it out", abstain_text="a\0b"),
    setting("endless model name", "embedding_model", "at most 500", embedding_model="x" * 501),
    raw("share that is no number", "train_val_split", '"train_val_split": NaN'),
    raw("infinite share", "train_val_split", '"train_val_split": Infinity'),
    raw("strength that is no number", "training_config.C.0", '"training_config": {"C": [NaN]}'),
    raw("seed that is no number", "training_config.seed", '"training_config": {"seed": NaN}'),
    Case("comparison of a missing model", "GET /training/compare/nothing", 404, "version_a",
         "List the model's versions", query={"version_a": "1", "version_b": "2"}),
    Case("comparison with nothing", "GET /training/compare/nothing", 422, "version_b", "Add it",
         query={"version_a": "1"}),
    Case("unknown status", "GET /training/jobs", 422, "status", "must be 'pending'",
         query={"status": "done"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_refused(world: World, case: Case) -> None:
    refused(world, case)


def test_a_class_with_one_pair_trains_and_is_reported(world: World) -> None:
    rows = [*WORDS[:12], ("please bring me a cloud", "weather")]
    made = training_sheet(world.bench.local_caller(), rows)
    job = world.make("POST", "/training/jobs", json={
        "training_sheet_id": made.id, "model_name": "kinds"})  # fmt: skip
    assert job["train_pairs"] + job["val_pairs"] == 13
    assert "'weather'" in job["notes"][0] and "only train" in job["notes"][0]
    side = world.bench.store("default").rows(
        "SELECT side FROM training_job_pairs WHERE job_id = :job AND pair_id = :pair",
        job=job["id"], pair=made.pair_ids[-1],
    )  # fmt: skip
    assert side == [{"side": "train"}]
    world.begin()
