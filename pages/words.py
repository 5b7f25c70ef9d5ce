"""Words of the pages: counts with their nouns, and fields as a person calls them."""


def many(count: int, noun: str) -> str:
    """`1 pair`, `304 pairs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


CALLED = {"principal": "Name"}
"""Inputs whose titles are not their fields' names."""


def named(field: str) -> str:
    """What a page calls an input: `training_sheet_id` is the training sheet."""
    last = field.rpartition(".")[2]
    if last in CALLED:
        return CALLED[last]
    return last.removesuffix("_id").replace("_", " ").strip().capitalize() or field
