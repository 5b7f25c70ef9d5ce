"""What trainers take and give."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]


class Report(Protocol):
    """Told while training: `share` of the training done (0 to 1), and what was measured."""

    def __call__(self, share: float, message: str, **metrics: float) -> None: ...


@dataclass(frozen=True)
class Examples:
    """Rendered prompts with their responses, by side."""

    train_prompts: Sequence[str]
    train_responses: Sequence[str]
    val_prompts: Sequence[str]
    val_responses: Sequence[str]


class Head(Protocol):
    """A fitted model: prompts in, responses out. It is kept as JSON and arrays, never pickled."""

    kind: ClassVar[str]

    def scored(self, prompts: Sequence[str]) -> tuple[list[str], list[float]]:
        """For each prompt the response and how sure it is, 0 to 1."""
        ...

    def save(self, folder: Path) -> None: ...


@dataclass(frozen=True)
class Fitted:
    """The best of what was tried; below `threshold` its answers are withheld."""

    head: Head
    params: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())
    threshold: float | None = None


def keep(folder: Path, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write what `kept` reads: JSON beside plain arrays, so that loading runs no foreign code."""
    (folder / "head.json").write_text(json.dumps(state, ensure_ascii=False), "utf-8")
    with (folder / "head.npz").open("wb") as out:
        np.savez(out, allow_pickle=False, **arrays)


def kept(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    state = json.loads((folder / "head.json").read_text("utf-8"))
    with np.load(folder / "head.npz", allow_pickle=False) as arrays:
        return state, dict(arrays)
