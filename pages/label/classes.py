"""Whether responses are classes, and which drafts would add one."""

from collections.abc import Iterable

from ontos.label.labels import LabelDistribution
from pages.label.drafts import Draft

SHORT = 60
"""Characters up to which a response is taken for a label."""
OFTEN = 3
"""How often labels occur on average, at least, before another one is asked about."""


def is_classes(labels: LabelDistribution) -> bool:
    """Whether responses are labels: few and short, not texts."""
    top = labels.top
    return bool(top) and len(top) == labels.distinct and all(len(c.label) <= SHORT for c in top)


def new_classes(drafts: Iterable[Draft], labels: LabelDistribution) -> list[str]:
    """Responses of the drafts that no pair has; none where every response may well be its own."""
    if not is_classes(labels) or labels.distinct * OFTEN > labels.total:
        return []
    known = {c.label for c in labels.top}
    written = {d.response.strip() for d in drafts if d.response is not None and not d.problem}
    return sorted(written - known)
