"""Which column probably fills a placeholder."""

from collections.abc import Sequence

from ontos.data.sheets import Sheet
from ontos.generate.mapping import equal_names


def suggested(placeholders: Sequence[str], sheet: Sheet) -> dict[str, str]:
    """Columns of equal names; one placeholder that is left takes the sheet's only text column."""
    mapping = equal_names(placeholders, [column.name for column in sheet.columns])
    left = [name for name in placeholders if name not in mapping]
    texts = [c.name for c in sheet.columns if c.modality == "text"]
    free = [name for name in texts if name not in mapping.values()]
    return mapping | {left[0]: free[0]} if len(left) == len(free) == 1 else mapping
