"""The trainers and the heads that they try, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ontos.kernel.errors import Invalid
from ontos.train.split import open_ended
from ontos.train.trainers import classifier, embedding, retrieval
from ontos.train.trainers.base import Examples, Fitted, Head, Report

if TYPE_CHECKING:
    from ontos.train.trainers.options import Options

TrainerKey = Literal["auto", "classifier", "retrieval"]


@dataclass(frozen=True)
class HeadKind:
    """A kind of model; `needs` are the packages without which it is not tried or served."""

    key: str
    title: str
    about: str
    needs: tuple[str, ...]
    load: Callable[[Path], Head]

    def installed(self) -> bool:
        return all(find_spec(name) for name in self.needs)


@dataclass(frozen=True)
class Trainer:
    key: str
    title: str
    about: str
    heads: tuple[HeadKind, ...]
    fit: Callable[[Examples, "Options", int, Report], Fitted]

    def installed(self) -> bool:
        return any(head.installed() for head in self.heads)


TFIDF = HeadKind(
    "tfidf-logistic",
    "Words and logistic regression",
    "Words and pieces of words weighed by their rarity (TF-IDF), under logistic regression. "
    "Quick, small, and good from a few examples per label on.",
    ("sklearn",),
    classifier.TfidfHead.load,
)
EMBEDDING = HeadKind(
    "embedding-logistic",
    "Sentence embeddings and logistic regression",
    "The meaning of a text as a vector from a sentence-transformers model, under logistic "
    "regression. Better than words where examples are few.",
    ("sklearn", "sentence_transformers"),
    embedding.EmbeddingHead.load,
)
NEAREST = HeadKind(
    "nearest-answer",
    "Nearest answer",
    "The response of the most similar example (cosine of TF-IDF weights).",
    ("scipy",),
    retrieval.RetrievalHead.load,
)


def _classify(examples: Examples, options: "Options", seed: int, report: Report) -> Fitted:
    heads: list[tuple[str, classifier.Candidates]] = [(TFIDF.title, classifier.tfidf)]
    notes = []
    if not EMBEDDING.installed():
        notes.append("The embedding head was not tried: sentence-transformers is not installed.")
    else:
        try:
            encoder = embedding.encoder(options.embedding_model)
            heads.append((EMBEDDING.title, partial(embedding.embedding, encoder=encoder)))
        except (OSError, ValueError) as error:
            notes.append(
                f"The embedding head was not tried: {options.embedding_model} cannot be "
                f"loaded ({error})."
            )
    return classifier.fit(examples, options, seed, report, heads=heads, notes=notes)


TRAINERS = (
    Trainer(
        "classifier",
        "Text classifier",
        "Learns which of the labels a text gets. Every installed head is tried with several "
        "settings; the best on the validation side is kept.",
        (TFIDF, EMBEDDING),
        _classify,
    ),
    Trainer(
        "retrieval",
        "Nearest-answer retrieval",
        "For open-ended responses: answers with the response of the most similar example, "
        "and says that it does not know where none is similar enough. Writes nothing new.",
        (NEAREST,),
        retrieval.fit,
    ),
)
HEADS = (TFIDF, EMBEDDING, NEAREST)


def trainer_for(key: str, rows: int, responses: int) -> Trainer:
    """By key; "auto" takes retrieval where responses are open-ended, else the classifier."""
    if key == "auto":
        key = "retrieval" if open_ended(rows, responses) else "classifier"
    for trainer in TRAINERS:
        if trainer.key == key:
            return trainer
    raise Invalid(
        f"There is no trainer {key[:60]!r}. Choose auto, "
        f"{' or '.join(trainer.key for trainer in TRAINERS)}.",
        field="trainer",
    )


def load_head(kind: str, folder: Path) -> Head:
    """A saved model; Invalid where its kind is unknown here."""
    for head in HEADS:
        if head.key == kind:
            return head.load(folder)
    raise Invalid(
        f"This model is of the kind {kind[:60]!r}, which this version cannot load. "
        "Serve it with the version that trained it."
    )
