"""The served model: the template's variables in, the response out.

It is kept as JSON and arrays and loaded by MLflow through `_load_pyfunc`, so nothing is pickled
and neither scikit-learn nor MLflow's Python model is needed to answer. `SOURCES` travel with every
version: it answers also where this project is not installed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Template

from ontos.generate.rendering import compile_prompt, render
from ontos.kernel.errors import Invalid
from ontos.train.trainers import load_head
from ontos.train.trainers.base import Head

FORMAT = 1
BATCH = 4096
SOURCES = (
    "__init__.py",
    "kernel/__init__.py",
    "kernel/errors.py",
    "generate/__init__.py",
    "generate/bounds.py",
    "generate/rendering.py",
    "generate/sandbox.py",
    "train/__init__.py",
    "train/served.py",
    "train/scores.py",
    "train/split.py",
    "train/trainers/__init__.py",
    "train/trainers/base.py",
    "train/trainers/features.py",
    "train/trainers/linear.py",
    "train/trainers/classifier.py",
    "train/trainers/retrieval.py",
    "train/trainers/embedding.py",
)
"""Files below `ontos/` without which a model does not load."""


@dataclass(frozen=True)
class Answer:
    """`confidence` is 0 to 1; an abstained answer holds the text for not knowing."""

    response: str
    confidence: float
    abstained: bool


@dataclass(frozen=True)
class Card:
    """What a served model is told besides its head."""

    trainer: str
    head: str
    user_prompt: str
    inputs: tuple[str, ...]
    abstain_threshold: float | None
    abstain_text: str


@dataclass(frozen=True)
class Served:
    """Built by training, or by `load` from what `save` wrote."""

    card: Card
    head: Head

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> list[str]:
        """One response per row of a DataFrame, or per mapping of a list."""
        rows = model_input.to_dict("records") if hasattr(model_input, "to_dict") else model_input
        return [answer.response for answer in self.answers(self.prompts(rows))]

    def prompts(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """The user prompts, rendered as they were for training; Invalid where one cannot be."""
        return [
            render(self._template, {name: _given(row, name) for name in self.card.inputs})
            for row in rows
        ]

    def answers(self, prompts: Sequence[str]) -> list[Answer]:
        """Answers to prompts that are rendered already, such as those of pairs."""
        return list(self._answers(prompts))

    def save(self, folder: Path) -> None:
        self.head.save(folder)
        card = {"format": FORMAT} | asdict(self.card)
        (folder / "served.json").write_text(json.dumps(card, ensure_ascii=False), "utf-8")

    def get_raw_model(self) -> "Served":
        """So MLflow's `PyFuncModel.get_raw_model()` gives this object, with its confidences."""
        return self

    def _answers(self, prompts: Sequence[str]) -> Iterator[Answer]:
        least = self.card.abstain_threshold
        for start in range(0, len(prompts), BATCH):
            batch = self.head.scored(prompts[start : start + BATCH])
            for response, sure in zip(*batch, strict=True):
                abstained = least is not None and sure < least
                yield Answer(self.card.abstain_text if abstained else response, sure, abstained)

    @cached_property
    def _template(self) -> Template:
        return compile_prompt(self.card.user_prompt)


def load(folder: Path) -> Served:
    card = json.loads((folder / "served.json").read_text("utf-8"))
    if (version := card.pop("format")) != FORMAT:
        raise Invalid(
            f"This model has format {version}, and this version reads {FORMAT}. Train it again."
        )
    card["inputs"] = tuple(card["inputs"])
    return Served(Card(**card), load_head(card["head"], folder))


def _load_pyfunc(path: str) -> Served:
    """Called by MLflow."""
    return load(Path(path))


def _given(row: Mapping[str, Any], name: str) -> Any:
    """A cell; the ways in which a DataFrame says that nothing is there become None."""
    if name not in row:
        raise Invalid(f"The variable {name} is missing. Give a value for it.", field="inputs")
    value = row[name]
    return None if value is None or value != value else value
