"""The training script: `python -m ontos.train.run FOLDER`.

FOLDER holds `config.json` (see `Config`) and `pairs.parquet` (pair_id, item_ref, prompt, response,
side). On the way it writes `events.jsonl`, at the end `predictions.parquet` and `result.json`.
It exits with 0 when a model was registered, with 1 when not, and with 143 when it was told to stop.
"""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ontos.generate.rendering import placeholders
from ontos.kernel.errors import Invalid, OntosError, Refused
from ontos.train.scores import by_label, evaluate_predictions
from ontos.train.served import Answer, Card, Served
from ontos.train.tracking import Published, Record, Stopped, publish
from ontos.train.trainers import Trainer, TrainerKey, trainer_for
from ontos.train.trainers.base import Examples, Fitted
from ontos.train.trainers.options import Options

COLUMNS = ("pair_id", "item_ref", "prompt", "response", "side")


class Config(BaseModel):
    """`model_name` is as registered; `inputs` are the variables of `user_prompt`."""

    model_config = ConfigDict(protected_namespaces=())

    job_id: str
    model_name: str
    trainer: TrainerKey = "auto"
    seed: int = Field(0, ge=0, le=2**32 - 1)
    inputs: list[str] = Field(min_length=1)
    system_prompt: str | None = None
    user_prompt: str
    label_type: str | None = None
    options: Options = Options()
    experiment: str = "ontos"
    tags: dict[str, str] = {}


@dataclass
class Journal:
    """`events.jsonl`, written whole each time: a reader sees no half line, on any file system."""

    path: Path
    lines: list[str] = field(default_factory=list)
    progress: float = 0.0
    stopped: bool = False
    """Whether the training was told to stop; what is raised then may be lost in a finalizer."""

    def say(self, progress: float, message: str, **metrics: float) -> None:
        self.check()
        self.progress = max(self.progress, round(progress, 1))
        event: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(),
            "progress": self.progress,
            "message": message,
        }
        self.lines.append(json.dumps(event | ({"metrics": metrics} if metrics else {})))
        write(self.path, "\n".join(self.lines) + "\n")

    def fitting(self, share: float, message: str, **metrics: float) -> None:
        """Fitting is progress from 10 to 70."""
        self.say(10 + 60 * share, message, **metrics)

    def check(self) -> None:
        if self.stopped:
            raise Stopped

    def stop(self, number: int, frame: Any) -> None:
        """The handler of SIGTERM; what is half done is taken back undisturbed."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.stopped = True
        raise Stopped

    def settled(self) -> None:
        """The version stands: a stop that comes now is too late, one that came before is not."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.check()


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1 or not Path(given[0]).is_dir():
        print("Give the folder of the run: python -m ontos.train.run FOLDER", file=sys.stderr)
        return 1
    folder = Path(given[0])
    journal = Journal(folder / "events.jsonl")
    signal.signal(signal.SIGTERM, journal.stop)
    result = _outcome(folder, journal)
    write(folder / "result.json", json.dumps(result, ensure_ascii=False))
    return {"succeeded": 0, "cancelled": 128 + signal.SIGTERM}.get(result["status"], 1)


def train(folder: Path, journal: Journal) -> dict[str, Any]:
    """The whole training; what goes into `result.json`."""
    journal.say(1, "Reading the pairs")
    config, pairs = read_config(folder), read_pairs(folder)
    examples = _examples(pairs)
    responses = pairs.column("response")
    trainer = trainer_for(config.trainer, len(responses), len(responses.unique()))
    journal.say(
        10,
        f"{trainer.title}: {len(examples.train_prompts)} examples train, "
        f"{len(examples.val_prompts)} validate",
    )
    started = time.monotonic()
    fitted = trainer.fit(examples, config.options, config.seed, journal.fitting)
    seconds = time.monotonic() - started
    served = _served(config, trainer, fitted)
    journal.say(72, "Answering every example once")
    answers = served.answers(pairs.column("prompt").to_pylist())
    _write_predictions(folder, pairs, answers)
    open_ended = trainer.key == "retrieval"
    metrics = _metrics(pairs, answers, open_ended) | {"train_seconds": round(seconds, 3)}
    journal.say(80, f"{metrics['val_accuracy']:.1%} right on validation", **metrics)
    done = _publish(config, folder, served, fitted, pairs, answers, metrics, journal)
    journal.say(100, f"Registered as version {done.model_version} of {config.model_name}")
    return {
        "status": "succeeded",
        "run_id": done.run_id,
        "model_name": config.model_name,
        "model_version": done.model_version,
        "trainer": trainer.key,
        "head": fitted.head.kind,
        "metrics": metrics,
        "notes": list(fitted.notes),
    }


def read_config(folder: Path) -> Config:
    try:
        config = Config.model_validate_json((folder / "config.json").read_bytes())
    except OSError as error:
        raise Invalid(f"config.json cannot be read: {error}. Lay the run out again.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Invalid(
            f"config.json is wrong at {where or 'its start'}: {first['msg']}. Correct it "
            "and train again.",
            field=where or None,
        ) from error
    missing = [name for name in placeholders(config.user_prompt) if name not in config.inputs]
    if missing:
        raise Invalid(
            f"The template uses {', '.join(missing)}, which is not among the inputs.",
            field="inputs",
        )
    return config


def read_pairs(folder: Path) -> pa.Table:
    try:
        pairs = pq.read_table(folder / "pairs.parquet", columns=list(COLUMNS))
    except (OSError, pa.ArrowException) as error:
        raise Invalid(f"pairs.parquet cannot be read: {error}. Lay the run out again.") from error
    for name in COLUMNS:
        if nulls := pairs.column(name).null_count:
            raise Invalid(
                f"{nulls} pairs have no {name}. Leave them out, or fill them in.", field=name
            )
    return pairs.cast(pa.schema([(name, pa.string()) for name in COLUMNS]))


def write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    os.replace(part, path)


def _outcome(folder: Path, journal: Journal) -> dict[str, Any]:
    """The result, also of what went wrong; details of what nobody foresaw go to the log."""
    try:
        return train(folder, journal)
    except Stopped:
        return {
            "status": "cancelled",
            "error": "Stopped before it was finished; no model was registered.",
        }
    except OntosError as error:
        return {"status": "failed", "error": error.detail}
    except MemoryError:
        return {
            "status": "failed",
            "error": "The memory was too small for these examples. Train "
            "on fewer pairs, set a smaller max_features, or use a larger machine.",
        }
    except Exception as error:
        traceback.print_exc()
        return {
            "status": "failed",
            "error": f"Training stopped on an unforeseen fault, "
            f"{type(error).__name__}: {error}. The log of the run tells where."[:2000],
        }


def _examples(pairs: pa.Table) -> Examples:
    sides = {side: pairs.filter(pc.equal(pairs.column("side"), side)) for side in ("train", "val")}
    for side, title in (("train", "training"), ("val", "validation")):
        if not sides[side].num_rows:
            raise Refused(
                f"There is no example on the {title} side. Approve more pairs, or change "
                "train_val_split.",
                field="train_val_split",
            )
    texts = (
        sides[side].column(name).to_pylist()
        for side in ("train", "val")
        for name in ("prompt", "response")
    )
    return Examples(*texts)


def _served(config: Config, trainer: Trainer, fitted: Fitted) -> Served:
    card = Card(
        trainer.key,
        fitted.head.kind,
        config.user_prompt,
        tuple(config.inputs),
        fitted.threshold,
        config.options.abstain_text,
    )
    return Served(card, fitted.head)


def _metrics(pairs: pa.Table, answers: list[Answer], open_ended: bool) -> dict[str, float]:
    """Figures of both sides as they will be served: an answer withheld is not right."""
    found: dict[str, float] = {}
    for side in ("train", "val"):
        truth, given = _of_side(pairs, answers, side)
        figures = evaluate_predictions(
            truth, [answer.response for answer in given], open_ended=open_ended
        )
        found |= {f"{side}_{name}": value for name, value in figures.items() if name != "classes"}
        found[f"{side}_pairs"] = float(len(truth))
        found[f"{side}_answered"] = sum(not answer.abstained for answer in given) / len(given)
    return found | {"classes": float(len(pairs.column("response").unique()))}


def _of_side(pairs: pa.Table, answers: list[Answer], side: str) -> tuple[list[str], list[Answer]]:
    sides, truth = pairs.column("side").to_pylist(), pairs.column("response").to_pylist()
    at = [number for number, each in enumerate(sides) if each == side]
    return [truth[number] for number in at], [answers[number] for number in at]


def _write_predictions(folder: Path, pairs: pa.Table, answers: list[Answer]) -> None:
    """Pair by pair what the new model says, so that nobody has to ask it all again."""
    columns = {
        "prediction": [answer.response for answer in answers],
        "confidence": [answer.confidence for answer in answers],
        "abstained": [answer.abstained for answer in answers],
    }
    table = pairs.select(["pair_id", "item_ref", "side", "response"])
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, folder / "predictions.parquet")


def _publish(
    config: Config,
    folder: Path,
    served: Served,
    fitted: Fitted,
    pairs: pa.Table,
    answers: list[Answer],
    metrics: Mapping[str, float],
    journal: Journal,
) -> Published:
    truth, given = _of_side(pairs, answers, "val")
    labels = (
        []
        if served.card.trainer == "retrieval"
        else by_label(truth, [answer.response for answer in given])
    )
    digest = _digest(pairs)
    val = pairs.filter(pc.equal(pairs.column("side"), "val"))
    record = Record(
        model_name=config.model_name,
        experiment=os.environ.get("MLFLOW_EXPERIMENT_NAME") or config.experiment,
        job_id=config.job_id,
        served=served,
        metrics=metrics,
        prompts=val.column("prompt").slice(0, 20).to_pylist(),
        params={
            "trainer": served.card.trainer,
            "head": served.card.head,
            "seed": config.seed,
            "label_type": config.label_type,
            "dataset_digest": digest,
            **fitted.params,
        },
        tags=config.tags | {"ontos.dataset_digest": digest},
        documents={
            "config.json": config.model_dump(mode="json"),
            "labels.json": {"labels": [label.row() for label in labels]},
        },
    )
    return publish(
        record, folder, lambda message: journal.say(journal.progress + 5, message), journal.settled
    )


def _digest(pairs: pa.Table) -> str:
    """The same for the same pairs, texts and sides, in whatever order."""
    lines = sorted(
        map(json.dumps, pairs.select(["pair_id", "prompt", "response", "side"]).to_pylist())
    )
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
