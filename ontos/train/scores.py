"""How good predictions are: accuracy, F1 and each label's errors; overlap for free text.

Plain numpy, so that the app computes them without loading scikit-learn. A ratio without a
denominator is None, never zero.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ontos.kernel.errors import Invalid

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class LabelScore:
    """One label: `support` examples have it, `predicted` were given it."""

    label: str
    support: int
    predicted: int
    correct: int

    @property
    def precision(self) -> float | None:
        return self.correct / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.correct / self.support if self.support else None

    @property
    def error_rate(self) -> float | None:
        """Share of the examples with this label that were answered otherwise."""
        return 1 - self.correct / self.support if self.support else None

    @property
    def f1(self) -> float:
        return 2 * self.correct / (self.support + self.predicted)

    def row(self) -> dict[str, Any]:
        """For tables and JSON."""
        return {
            "label": self.label,
            "support": self.support,
            "predicted": self.predicted,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "error_rate": self.error_rate,
        }


def accuracy(truth: Sequence[str], predicted: Sequence[str]) -> float:
    right, given = _pairs(truth, predicted)
    return float((right == given).mean())


def by_label(truth: Sequence[str], predicted: Sequence[str]) -> list[LabelScore]:
    """Every label that is true or predicted somewhere, in alphabetical order."""
    right, given = _pairs(truth, predicted)
    labels, codes = np.unique(np.concatenate([right, given]), return_inverse=True)
    truth_codes, given_codes = codes[: len(right)], codes[len(right) :]
    count = len(labels)
    support = np.bincount(truth_codes, minlength=count)
    times = np.bincount(given_codes, minlength=count)
    correct = np.bincount(truth_codes[truth_codes == given_codes], minlength=count)
    return [
        LabelScore(str(label), int(s), int(t), int(c))
        for label, s, t, c in zip(labels, support, times, correct, strict=True)
    ]


def token_f1(truth: Sequence[str], predicted: Sequence[str]) -> list[float]:
    """Per example, the overlap of words (case ignored) as F1; two empty texts agree."""
    if len(truth) != len(predicted):
        raise _unequal(truth, predicted)
    return [_overlap(right, given) for right, given in zip(truth, predicted, strict=True)]


def evaluate_predictions(
    truth: Sequence[str], predicted: Sequence[str], *, open_ended: bool = False
) -> dict[str, float]:
    """The figures of an evaluation by name.

    Labels: accuracy, macro_f1, classes. Open-ended: accuracy (the same as exact_match), token_f1.
    """
    exact = accuracy(truth, predicted)
    if open_ended:
        overlap = float(np.mean(token_f1(truth, predicted)))
        return {"accuracy": exact, "exact_match": exact, "token_f1": overlap}
    labels = by_label(truth, predicted)
    classes = sum(1 for label in labels if label.support)
    return {"accuracy": exact, "macro_f1": _macro(labels), "classes": float(classes)}


def _macro(labels: Sequence[LabelScore]) -> float:
    """The mean F1 of all labels that are true or predicted, each label counting the same."""
    return sum(label.f1 for label in labels) / len(labels)


def _overlap(right: str, given: str) -> float:
    ours, theirs = (Counter(_WORD.findall(text.lower())) for text in (right, given))
    if not ours or not theirs:
        return float(right.strip() == given.strip())
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def _pairs(truth: Sequence[str], predicted: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any]]:
    if len(truth) != len(predicted):
        raise _unequal(truth, predicted)
    if not len(truth):
        raise Invalid("There is nothing to score: no example was predicted.", field="predictions")
    # Objects, not fixed-width text: one long answer would widen every row to its length.
    return np.asarray(truth, dtype=object), np.asarray(predicted, dtype=object)


def _unequal(truth: Sequence[str], predicted: Sequence[str]) -> Invalid:
    return Invalid(
        f"{len(predicted)} predictions cannot be scored against {len(truth)} examples. "
        "Give one prediction per example.",
        field="predictions",
    )


def sign_test(improved: int, worsened: int) -> float:
    """How often chance alone splits so unevenly, or more, what changed: 0 to 1, two-sided.

    As if each change were the toss of a coin (McNemar's exact test); 1 where nothing changed.
    """
    changed, ways, term = improved + worsened, 0, 1
    for n in range(min(improved, worsened) + 1):
        ways += term
        term = term * (changed - n) // (n + 1)
    return min(1.0, 2 * ways / (1 << changed))
