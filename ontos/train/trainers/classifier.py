"""The text classifier: every head that is installed is tried, the best on validation is kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ontos.kernel.errors import Refused
from ontos.train.scores import evaluate_predictions
from ontos.train.trainers.base import Examples, Fitted, Head, Report, keep, kept
from ontos.train.trainers.features import TextFeatures
from ontos.train.trainers.linear import TRIED_ON, Linear, sample

if TYPE_CHECKING:
    from ontos.train.trainers.options import Options

LARGEST = 12_000_000
"""Weights of one model (features times labels); four bytes each."""


@dataclass(frozen=True)
class Candidate:
    """One setting of one head, with what it answers on the validation side.

    `fitted` is the model itself; where the setting was tried on some of the examples only, it
    fits on all of them.
    """

    setting: str
    answers: Sequence[str]
    params: dict[str, Any]
    fitted: Callable[[], Head]


Candidates = Callable[[Examples, "Options", int], Iterator[Candidate]]
"""How a head is tried with some options and a seed: a candidate for each setting."""


@dataclass(frozen=True)
class TfidfHead:
    """Words and pieces of words, weighed by their rarity, under logistic regression."""

    kind: ClassVar[str] = "tfidf-logistic"
    features: TextFeatures
    linear: Linear

    def scored(self, prompts: Sequence[str]) -> tuple[list[str], list[float]]:
        scores = [
            weights @ self.linear.weights[ids] for ids, weights in self.features.rows(prompts)
        ]
        return self.linear.best(np.array(scores) + self.linear.bias)

    def save(self, folder: Path) -> None:
        keep(
            folder,
            self.features.state() | {"labels": self.linear.labels},
            self.features.arrays() | self.linear.arrays(),
        )

    @classmethod
    def load(cls, folder: Path) -> "TfidfHead":
        state, arrays = kept(folder)
        return cls(TextFeatures.restore(state, arrays), Linear.restore(state["labels"], arrays))


def tfidf(examples: Examples, options: "Options", seed: int) -> Iterator[Candidate]:
    """Fewer features where there are many labels, so that a model stays below 48 MB."""
    labels = len(set(examples.train_responses))
    limit = min(options.max_features, max(2_000, LARGEST // (2 * labels)))
    features = TextFeatures.learn(examples.train_prompts, limit)
    train, val = features.matrix(examples.train_prompts), features.matrix(examples.val_prompts)
    params = {"features": features.count}
    yield from settings(
        train, val, examples, options, seed, lambda linear: TfidfHead(features, linear), params
    )


def settings(
    train: Any,
    val: Any,
    examples: Examples,
    options: "Options",
    seed: int,
    head: Callable[[Linear], Head],
    params: Mapping[str, Any],
) -> Iterator[Candidate]:
    """A candidate for each strength, over the features (rows) of both sides."""
    responses = np.asarray(examples.train_responses, dtype=object)
    some = sample(len(responses), seed)
    for strength in options.C:
        tried = Linear.fit(train[some], responses[some], strength, seed)

        def fitted(tried: Linear = tried, strength: float = strength) -> Head:
            whole = len(some) == len(responses)
            return head(tried if whole else Linear.fit(train, responses, strength, seed))

        yield Candidate(f"C={strength:g}", tried.answers(val), {"C": strength, **params}, fitted)


def fit(
    examples: Examples,
    options: "Options",
    seed: int,
    report: Report,
    *,
    heads: Sequence[tuple[str, Candidates]],
    notes: Sequence[str] = (),
) -> Fitted:
    """The candidate that is right most often on the validation side; of equals the first."""
    expected, rows = len(heads) * len(options.C), len(examples.train_responses)
    few = f" after {TRIED_ON:,} examples" if rows > TRIED_ON else ""
    if len(labels := set(examples.train_responses)) < 2:
        raise Refused(
            f"All {rows} training examples have the same "
            f"response, “{next(iter(labels), '')[:60]}”: there is nothing to tell apart. "
            "Approve examples with other responses.",
            field="training_sheet_id",
        )
    best, best_right, tried = None, -1.0, 0
    for title, candidates in heads:
        for candidate in candidates(examples, options, seed):
            tried += 1
            figures = evaluate_predictions(examples.val_responses, candidate.answers)
            right, f1 = figures["accuracy"], figures["macro_f1"]
            report(
                0.7 * tried / expected,
                f"{title}, {candidate.setting}: {right:.1%} right on validation{few}",
                val_accuracy=right,
                val_macro_f1=f1,
            )
            if right > best_right:
                best, best_right = candidate, right
    if best is None:
        raise Refused("No head of the classifier is installed. Install scikit-learn.")
    if few:
        report(0.7, f"Fitting {best.setting} on all {rows:,} examples")
    return Fitted(
        best.fitted(), best.params, (*notes, *_unseen(examples)), options.abstain_threshold
    )


def _unseen(examples: Examples) -> list[str]:
    labels = sorted(set(examples.val_responses) - set(examples.train_responses))
    if not labels:
        return []
    return [
        f"{len(labels)} responses are only on the validation side and cannot be learned: "
        f"{', '.join(label[:40] for label in labels[:5])}."
    ]
