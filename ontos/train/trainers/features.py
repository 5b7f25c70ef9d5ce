"""Texts as weighted words and pieces of words (TF-IDF).

Written here, in numpy, for two reasons: a served model needs neither scikit-learn nor a pickle,
and what is trained and what is served cannot differ.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ontos.train.trainers.base import Floats, Ids

ALL_CHARACTERS = 20_000_000
"""Of all training texts together; where they are longer, each is read to the same length."""
_LEAST, _MOST = 200, 20_000
_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Words and pairs of words."""
    found = _WORD.findall(text)
    return [*found, *(f"{a} {b}" for a, b in pairwise(found))]


def pieces(text: str) -> list[str]:
    """Every three and four characters within words; these forgive typing errors and endings."""
    return list(chain.from_iterable(map(_pieces_of, text.split())))


@lru_cache(maxsize=20_000)
def _pieces_of(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(padded[at : at + size] for size in (3, 4) for at in range(len(padded) - size + 1))


@dataclass(frozen=True)
class Block:
    """The tokens of one kind with their weights; `start` is the number of the first."""

    numbers: dict[str, int]
    rarity: Floats
    start: int

    @classmethod
    def learn(cls, texts: Iterable[list[str]], count: int, limit: int, start: int) -> "Block":
        """The `limit` most frequent tokens; from 1,000 texts on, those of one text are left out."""
        seen: Counter[str] = Counter()
        for tokens in texts:
            seen.update(set(tokens))
        least = 2 if count >= 1000 else 1
        useful = [token for token, times in seen.items() if least <= times < count]
        kept = sorted(useful or seen, key=lambda token: (-seen[token], token))[:limit]
        times = np.array([seen[token] for token in kept], np.float32)
        rarity = (np.log((1 + count) / (1 + times)) + 1).astype(np.float32)
        return cls({token: number for number, token in enumerate(kept)}, rarity, start)

    def weigh(self, tokens: list[str]) -> tuple[Ids, Floats]:
        """The numbers of the known tokens with their weights, of length one together."""
        counts = Counter(map(self.numbers.get, tokens))
        counts.pop(None, None)
        ids = np.fromiter(counts.keys(), np.int32, len(counts))
        weights = np.fromiter(counts.values(), np.float32, len(counts))
        weights = (1 + np.log(weights)) * self.rarity[ids]
        weights /= np.sqrt(weights @ weights) or 1
        return ids + np.int32(self.start), weights


@dataclass(frozen=True)
class TextFeatures:
    """What every training text begins and ends with says nothing, and is cut off."""

    prefix: str
    suffix: str
    reads: int
    words: Block
    pieces: Block

    @classmethod
    def learn(cls, texts: Sequence[str], limit: int) -> "TextFeatures":
        prefix, suffix = _frame(texts)
        reads = max(_LEAST, min(_MOST, ALL_CHARACTERS // max(1, len(texts))))
        short = [_cut(text, prefix, suffix, reads) for text in texts]
        some = Block.learn(map(words, short), len(texts), limit, 0)
        more = Block.learn(map(pieces, short), len(texts), limit, len(some.numbers))
        return cls(prefix, suffix, reads, some, more)

    @property
    def count(self) -> int:
        return len(self.words.numbers) + len(self.pieces.numbers)

    def rows(self, texts: Iterable[str]) -> Iterator[tuple[Ids, Floats]]:
        """Of each text the numbers and weights of its features; of length one where it has any."""
        for text in texts:
            short = _cut(text, self.prefix, self.suffix, self.reads)
            first, second = self.words.weigh(words(short)), self.pieces.weigh(pieces(short))
            share = np.float32(1 / np.sqrt(max(1, bool(len(first[0])) + bool(len(second[0])))))
            yield (
                np.concatenate([first[0], second[0]]),
                np.concatenate([first[1], second[1]]) * share,
            )

    def matrix(self, texts: Sequence[str]) -> Any:
        """The same as a scipy CSR matrix, for training."""
        from scipy.sparse import csr_matrix

        ids, weights = zip(*self.rows(texts), strict=True)
        ends = np.concatenate([[0], np.cumsum([len(row) for row in ids])])
        found = csr_matrix(
            (np.concatenate(weights), np.concatenate(ids), ends), shape=(len(texts), self.count)
        )
        found.sort_indices()
        return found

    def state(self) -> dict[str, Any]:
        """What JSON can hold; the weights are in `arrays`."""
        return {
            "prefix": self.prefix,
            "suffix": self.suffix,
            "reads": self.reads,
            "words": list(self.words.numbers),
            "pieces": list(self.pieces.numbers),
        }

    def arrays(self) -> dict[str, Floats]:
        return {"rarity_words": self.words.rarity, "rarity_pieces": self.pieces.rarity}

    @classmethod
    def restore(cls, state: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> "TextFeatures":
        some = Block(_numbered(state["words"]), arrays["rarity_words"], 0)
        more = Block(_numbered(state["pieces"]), arrays["rarity_pieces"], len(some.numbers))
        return cls(state["prefix"], state["suffix"], state["reads"], some, more)


def _numbered(tokens: list[str]) -> dict[str, int]:
    return {token: number for number, token in enumerate(tokens)}


def _frame(texts: Sequence[str]) -> tuple[str, str]:
    """What all texts begin and end with, up to a border of words."""
    prefix = _shared(texts)
    if prefix == max(texts, key=len):
        return "", ""  # all the same: nothing else would be left
    suffix = _shared([text[len(prefix) :][::-1] for text in texts])[::-1]
    return re.sub(r"\w+$", "", prefix), re.sub(r"^\w+", "", suffix)


def _shared(texts: Sequence[str]) -> str:
    """What all begin with: in alphabetical order, what the first and the last share."""
    first, last = min(texts), max(texts)
    unlike = (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(unlike, min(len(first), len(last)))]


def _cut(text: str, prefix: str, suffix: str, reads: int) -> str:
    return text.removeprefix(prefix).removesuffix(suffix)[:reads].lower()
