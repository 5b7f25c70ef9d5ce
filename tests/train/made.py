"""Training sheets made at once, and one model trained for the whole test session."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ontos.bootstrap import Workbench
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.kernel.jobs import latest
from ontos.train.training_jobs import (
    TrainingJob,
    TrainingJobSpec,
    create_training_job,
    get_training_job,
)

FRUIT = {
    "fruit": ("apple", "pear", "plum", "cherry", "melon", "grape"),
    "tool": ("hammer", "saw", "drill", "wrench", "pliers", "chisel"),
    "metal": ("iron", "copper", "silver", "tin", "zinc", "nickel"),
}
WORDS = [
    (f"please bring me {amount} {word}", label)
    for amount in ("one", "two", "many")
    for label, words in FRUIT.items()
    for word in words
]
"""54 rows that a small model learns at once."""

PROMPT = "Message: {{ message }}\nKind:"


@dataclass(frozen=True)
class Made:
    """A training sheet, with its pairs in the order of its rows."""

    id: str
    sheet_id: str
    pair_ids: list[str]


def training_sheet(
    caller: Caller, rows: Sequence[tuple[str, str | None]] = WORDS, *, review: str = "approved",
    status: str = "ready", sheet_id: str | None = None,
) -> Made:  # fmt: skip
    """Rows of text and response, already reviewed; items are numbered."""
    at, user, sheet, template, made = now(), caller.user, sheet_id or new_id(), new_id(), new_id()
    stamp = {"version": 1, "created_by": user, "created_at": at}
    stamp |= {"updated_by": user, "updated_at": at}
    _append(caller, "templates", [{
        "id": template, "name": "kinds", "label_type": "kind", "user_prompt": PROMPT,
        "placeholders": '["message"]', "status": "published", "revision": 1, "family_id": template,
        **stamp,
    }])  # fmt: skip
    _append(caller, "training_sheets", [{
        "id": made, "name": "things", "sheet_id": sheet, "sheet_name": "things",
        "template_id": template, "template_name": "kinds", "label_type": "kind",
        "user_prompt": PROMPT, "column_mapping": '{"message": "text"}', "status": status,
        "total_items": len(rows), "auto_approved_count": 0, **stamp,
    }])  # fmt: skip
    pairs = [
        {"id": new_id(), "training_sheet_id": made, "sheet_id": sheet, "item_ref": f"i{n:04d}",
         "prompt": PROMPT.replace("{{ message }}", text), "response": response,
         "response_source": "existing_column", "review_status": review, "version": 1,
         "created_at": at, "updated_at": at}
        for n, (text, response) in enumerate(rows)
    ]  # fmt: skip
    _append(caller, "pairs", pairs)
    return Made(made, sheet, [str(pair["id"]) for pair in pairs])


def bar(caller: Caller, made: Made, items: Sequence[int], use: str) -> None:
    """Prohibit a use for some items."""
    _append(caller, "item_usage", [
        {"id": new_id(), "sheet_id": made.sheet_id, "item_ref": f"i{n:04d}",
         "allowed_uses": ["training", "validation"], "prohibited_uses": [use], "reason": "consent",
         "version": 1, "updated_by": caller.user, "updated_at": now()}
        for n in items
    ])  # fmt: skip


def ended(caller: Caller, job_id: str, seconds: float = 240) -> TrainingJob:
    """The job once it, and the background work behind it, have ended."""
    until(
        lambda: latest(caller, ("training_job", job_id)),
        lambda work: work.finished_at is not None, seconds,
    )  # fmt: skip
    return get_training_job(caller, job_id)


def until(read: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = 20) -> Any:
    """Each look costs what is waited for time to work, so that long waits look more seldom."""
    began = time.monotonic()
    while not holds(seen := read()):
        waited = time.monotonic() - began
        assert waited < seconds, f"still {seen}"
        time.sleep(min(0.03 + waited / 10, 0.5))
    return seen


@dataclass(frozen=True)
class Trained:
    """Two versions of `kinds`, learnt from the same pairs at the same time."""

    bench: Workbench
    caller: Caller
    sheet: Made
    first: TrainingJob
    second: TrainingJob


def trained(bench: Workbench) -> Trained:
    caller = bench.local_caller()
    sheet = training_sheet(caller)
    asked = [_train(caller, sheet.id) for _ in range(2)]
    ends = [ended(caller, job.id) for job in asked]
    jobs = sorted(ends, key=lambda job: job.uc_model_version or "")
    assert [job.status for job in jobs] == ["succeeded"] * 2, [job.error_message for job in jobs]
    return Trained(bench, caller, sheet, *jobs)


def _train(caller: Caller, sheet_id: str) -> TrainingJob:
    spec = TrainingJobSpec(
        training_sheet_id=sheet_id, model_name="kinds", training_config={"C": [10.0]}
    )
    return create_training_job(caller, spec)


def _append(caller: Caller, table: str, rows: list[dict[str, Any]]) -> None:
    caller.warehouse.append(table, pa.Table.from_pylist(rows))
