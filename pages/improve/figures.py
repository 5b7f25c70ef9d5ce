"""Gaps in words and bars: each kind is measured by its own, and is drawn by itself."""

import json
from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from ontos.improve.gaps import ShownGap
from ontos.train.training_jobs import TRAINING_STATES
from pages.bars import WARNING, Bar, draw_bars
from pages.frame import mark
from pages.words import many

KINDS: Mapping[str, str] = {
    "label_errors": "Wrong on a label",
    "segment_errors": "Wrong in a segment",
    "negative_feedback": "Users say it is wrong",
    "low_coverage": "Few examples of a label",
}
MEASURES: Mapping[str, str] = {
    "label_errors": "share of its validation pairs",
    "segment_errors": "share of its validation pairs",
    "negative_feedback": "share of the ratings of this answer",
    "low_coverage": "approved examples",
}
SHOWN = 10
"""Gaps of a kind with a bar; all can be chosen."""


def grouped(gaps: Iterable[ShownGap]) -> list[ShownGap]:
    """By kind, that of the first gap first; within a kind by what is drawn, the worst first."""
    kinds: dict[str, list[ShownGap]] = {}
    for gap in gaps:
        kinds.setdefault(gap.kind, []).append(gap)
    return [
        gap
        for alike in kinds.values()
        for gap in sorted(alike, key=lambda gap: (-gap.severity, -gap.affected, gap.label or ""))
    ]


def charts(gaps: Sequence[ShownGap]) -> None:
    """The gaps of each kind, in the order of the choice below."""
    for kind in dict.fromkeys(gap.kind for gap in gaps):
        alike = [gap for gap in gaps if gap.kind == kind]
        few = kind == "low_coverage"
        usual = max((_usual(gap) for gap in alike), default=0) if few else 0
        beside = f"; half of the labels have {usual:,} or more" if usual else ""
        draw_bars(
            [
                Bar(gap.label or "", _examples(gap) if few else gap.severity, _drawn(gap),
                    gap.evidence_summary, WARNING)
                for gap in alike[:SHOWN]
            ],
            f"{KINDS.get(kind, kind)}: {MEASURES.get(kind, 'share affected')}{beside}",
            most=usual or max(gap.total for gap in alike) if few else 1.0,
        )  # fmt: skip
        if len(alike) > SHOWN:
            st.caption(f"{many(len(alike) - SHOWN, 'gap')} of this kind more can be chosen below.")


def _drawn(gap: ShownGap) -> str:
    share = "" if gap.kind == "low_coverage" else f" · {gap.severity:.0%}"
    return f"{figure(gap)}{share}"


def figure(gap: ShownGap) -> str:
    """What was counted: `7 of 30` are wrong; where examples are few, how many there are."""
    if gap.kind == "low_coverage":
        return many(_examples(gap), "example")
    return f"{gap.affected:,} of {gap.total:,}"


def _examples(gap: ShownGap) -> int:
    """A label with few examples misses `affected` of the `total` that would be enough."""
    return gap.total - gap.affected


def _usual(gap: ShownGap) -> int:
    """What half of the labels have, or more; 0 where it was not kept."""
    return int(json.loads(gap.evidence_values).get("middle") or 0)


def ended(gap: ShownGap) -> bool:
    """Whether the training that was begun for it is over."""
    status = gap.retraining_status
    return gap.status == "retraining" and status is not None and TRAINING_STATES.final(status)


def state(gap: ShownGap) -> str:
    """Its state in words; a retraining that has ended says how."""
    if not ended(gap):
        return gap.status
    if gap.retraining_status == "succeeded":
        return f"retrained as v{gap.retrained_version}"
    how = "timed out" if gap.retraining_status == "timeout" else gap.retraining_status
    return f"retraining {how}"


def badge(gap: ShownGap) -> str:
    """The same as a badge inside Markdown."""
    if not ended(gap):
        return mark(gap.status)
    colour = "green" if gap.retraining_status == "succeeded" else "red"
    return f":{colour}-badge[{state(gap)}]"
