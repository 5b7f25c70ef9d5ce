"""Sentence embeddings under logistic regression; tried where sentence-transformers is installed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from ontos.train.trainers.base import Examples, keep, kept
from ontos.train.trainers.classifier import Candidate, settings
from ontos.train.trainers.linear import Linear

if TYPE_CHECKING:
    from ontos.train.trainers.options import Options


class Encoder(Protocol):
    """What is used of a SentenceTransformer."""

    def encode(
        self, sentences: list[str], *, normalize_embeddings: bool, show_progress_bar: bool
    ) -> Any:
        """An array with a row for each text."""
        ...

    def save(self, path: str) -> None: ...


@dataclass(frozen=True)
class EmbeddingHead:
    kind: ClassVar[str] = "embedding-logistic"
    encoder: Encoder
    linear: Linear

    def scored(self, prompts: Sequence[str]) -> tuple[list[str], list[float]]:
        return self.linear.best(
            vectors(self.encoder, prompts) @ self.linear.weights + self.linear.bias
        )

    def save(self, folder: Path) -> None:
        """With the encoder itself, so that a served model needs no download."""
        self.encoder.save(str(folder / "encoder"))
        keep(folder, {"labels": self.linear.labels}, self.linear.arrays())

    @classmethod
    def load(cls, folder: Path) -> "EmbeddingHead":
        state, arrays = kept(folder)
        return cls(encoder(str(folder / "encoder")), Linear.restore(state["labels"], arrays))


def encoder(name: str) -> Encoder:
    """A model by name or folder; OSError where it is neither here nor to be had."""
    found: Encoder = import_module("sentence_transformers").SentenceTransformer(name)
    return found


def vectors(encoder: Encoder, texts: Sequence[str]) -> Any:
    return np.asarray(
        encoder.encode(list(texts), normalize_embeddings=True, show_progress_bar=False), np.float32
    )


def embedding(
    examples: Examples, options: "Options", seed: int, encoder: Encoder
) -> Iterator[Candidate]:
    train, val = vectors(encoder, examples.train_prompts), vectors(encoder, examples.val_prompts)
    params = {"embedding_model": options.embedding_model}
    yield from settings(
        train, val, examples, options, seed, lambda linear: EmbeddingHead(encoder, linear), params
    )
