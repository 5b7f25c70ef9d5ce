"""Which examples a model learns from, and which it is judged by.

The rule. Items are split, not pairs: every pair of an item is on the item's side. The items of one
response are ordered by a hash of seed and item; the first of them validate. So a split depends on
nothing but the seed and the data, rows may come in any order, and more items later move few of
the former ones. Of the items whose response has two items or more, `1 - fraction` validate, each
response giving its share, and at least one item where there are not more such responses than
places. A response with a single item stays on the training side and is reported. Where answers
are open-ended (see `open_ended`), responses group nothing: the items are split as one group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ontos.kernel.errors import Invalid

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """`sides` has "train" or "val" for each row; counts are of rows."""

    sides: NDArray[np.str_]
    train: int
    val: int
    single: tuple[str, ...]
    """Responses that only one item has; the model cannot be judged on them."""
    stratified: bool


def open_ended(rows: int, responses: int) -> bool:
    """Whether so many different responses are answers rather than labels.

    More than 20, and more than half as many as there are examples.
    """
    return responses > max(20, rows // 2)


def assign(
    item_refs: Sequence[str],
    responses: Sequence[str],
    fraction: float,
    seed: int,
    *,
    stratify: bool | None = None,
) -> Split:
    """A side for every row; `fraction` (between 0 and 1) is the share that trains.

    An item that has several responses counts as the alphabetically first. `stratify` overrules
    `open_ended`.
    """
    if not 0 < fraction < 1:
        raise Invalid(
            "The share that trains lies between 0 and 1, both excluded: 0.8 is usual.",
            field="train_val_split",
        )
    item_of, items = _codes(item_refs)
    if len(items) < 2:
        raise Invalid(
            f"A split needs at least two items, and here are {len(items)}. Approve more pairs.",
            field="training_sheet_id",
        )
    response_of, texts = _codes(responses)
    if stratify is None:
        stratify = not open_ended(len(item_of), len(texts))
    texts, group = _first_response(item_of, response_of, texts, len(items))
    sizes = np.bincount(group, minlength=len(texts))
    single = tuple(sorted(texts[int(at)] for at in np.flatnonzero(sizes == 1)))
    stratify = stratify and bool((sizes > 1).any())
    if not stratify:
        group, sizes = np.zeros_like(group), np.array([len(items)])
    validates = _first_of_each(group, sizes, _quotas(sizes, 1 - fraction), _keys(items, seed))
    sides = np.where(validates[item_of], "val", "train")
    val = int((sides == "val").sum())
    return Split(sides, len(sides) - val, val, single if stratify else (), stratify)


def _codes(values: Sequence[str]) -> tuple[Ints, list[str]]:
    """A number for each row, and the distinct values that the numbers stand for."""
    import pyarrow as pa

    encoded = pa.array(values, pa.string()).dictionary_encode()
    codes: Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def _first_response(
    item_of: Ints, response_of: Ints, texts: list[str], items: int
) -> tuple[list[str], Ints]:
    """The responses in alphabetical order, and for each item the place of its first."""
    alphabetical = sorted(range(len(texts)), key=texts.__getitem__)
    rank = np.empty(len(texts), np.int64)
    rank[alphabetical] = np.arange(len(texts))
    first = np.full(items, len(texts), np.int64)
    np.minimum.at(first, item_of, rank[response_of])
    return [texts[at] for at in alphabetical], first


def _keys(items: Sequence[str], seed: int) -> NDArray[Any]:
    salt = str(seed).encode()[-64:]
    digests = b"".join(blake2b(item.encode(), digest_size=8, key=salt).digest() for item in items)
    return np.frombuffer(digests, np.uint64)


def _quotas(sizes: Ints, share: float) -> Ints:
    """How many of each group validate: its share, then one more by the largest remainders."""
    able = sizes > 1
    wanted = np.where(able, sizes * share, 0.0)
    quota = np.minimum(np.floor(wanted + 1e-9).astype(np.int64), np.maximum(sizes - 1, 0))
    target = max(1, round(float(wanted.sum())))
    if int(able.sum()) <= target:
        quota[able & (quota == 0)] = 1
    left = max(0, target - int(quota.sum()))
    room = able & (quota < sizes - 1)
    turn = np.lexsort((-(wanted - quota), quota > 0, ~room))
    quota[turn[: min(left, int(room.sum()))]] += 1
    return quota


def _first_of_each(group: Ints, sizes: Ints, quota: Ints, key: NDArray[Any]) -> NDArray[np.bool_]:
    order = np.lexsort((key, group))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - starts[group[order]]
    return place < quota[group]
