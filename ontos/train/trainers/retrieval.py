"""Nearest-answer retrieval: the response of the most similar example, or an honest “I do not know”.

It never writes anything new. Similarity is the cosine between weighted words and pieces of words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ontos.train.scores import token_f1
from ontos.train.trainers.base import Examples, Fitted, Floats, Ids, Report, keep, kept
from ontos.train.trainers.features import TextFeatures

if TYPE_CHECKING:
    from ontos.train.trainers.options import Options

GOOD = 0.5
"""Overlap of words (F1) from which an answer counts as good when the threshold is chosen."""
SAME = 0.6
"""Questions at least this similar to an example are always answered."""


@dataclass(frozen=True)
class RetrievalHead:
    """The training examples by feature: of feature f the rows `starts[f]` to `starts[f + 1]`."""

    kind: ClassVar[str] = "nearest-answer"
    features: TextFeatures
    responses: tuple[str, ...]
    starts: Ids
    examples: Ids
    weights: Floats

    @classmethod
    def learn(cls, prompts: Sequence[str], responses: Sequence[str], limit: int) -> "RetrievalHead":
        features = TextFeatures.learn(prompts, limit)
        columns = features.matrix(prompts).tocsc()
        return cls(
            features,
            tuple(responses),
            columns.indptr.astype(np.int32),
            columns.indices.astype(np.int32),
            columns.data,
        )

    def scored(self, prompts: Sequence[str]) -> tuple[list[str], list[float]]:
        found = [self._nearest(ids, weights) for ids, weights in self.features.rows(prompts)]
        return [self.responses[at] for at, _ in found], [similar for _, similar in found]

    def _nearest(self, ids: Ids, weights: Floats) -> tuple[int, float]:
        similar = np.zeros(len(self.responses), np.float32)
        for number, weight in zip(ids.tolist(), weights.tolist(), strict=True):
            part = slice(self.starts[number], self.starts[number + 1])
            similar[self.examples[part]] += weight * self.weights[part]
        at = int(similar.argmax())
        return at, min(1.0, float(similar[at]))

    def save(self, folder: Path) -> None:
        keep(
            folder,
            self.features.state() | {"responses": self.responses},
            self.features.arrays()
            | {"starts": self.starts, "examples": self.examples, "weights": self.weights},
        )

    @classmethod
    def load(cls, folder: Path) -> "RetrievalHead":
        state, arrays = kept(folder)
        return cls(
            TextFeatures.restore(state, arrays),
            tuple(state["responses"]),
            arrays["starts"],
            arrays["examples"],
            arrays["weights"],
        )


def fit(examples: Examples, options: "Options", seed: int, report: Report) -> Fitted:
    """Keeps all training examples; nothing in it is random, so `seed` changes nothing."""
    head = RetrievalHead.learn(
        examples.train_prompts, examples.train_responses, options.max_features
    )
    report(0.5, f"{len(examples.train_prompts)} answers kept for retrieval")
    threshold, notes = options.abstain_threshold, []
    if threshold is None:
        answers, similar = head.scored(examples.val_prompts)
        good = np.array(token_f1(examples.val_responses, answers)) >= GOOD
        threshold = chosen_threshold(np.array(similar), good)
        notes.append(
            f"Answers are withheld below a similarity of {threshold:.2f}, chosen on "
            f"{len(answers)} validation examples."
        )
    report(1.0, f"Answers are withheld below a similarity of {threshold:.2f}")
    params = {"features": head.features.count, "abstain_threshold": round(threshold, 4)}
    return Fitted(head, params, tuple(notes), threshold)


def chosen_threshold(similar: Floats, good: Any) -> float:
    """Where good answers outnumber bad ones the most; at most `SAME`.

    Half way between the least similar question that is answered and the next that is not.
    """
    order = np.argsort(-similar, kind="stable")
    gain = np.cumsum(np.where(good[order], 1, -1))
    last = int(gain.argmax())
    if gain[last] <= 0:
        return SAME
    least = float(similar[order[last]])
    below = float(similar[order[last + 1]]) if last + 1 < len(order) else least
    return min(SAME, (least + below) / 2)
