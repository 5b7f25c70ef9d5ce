"""Where each kind of thing is looked at, for links from records that name it by its id."""

from pages.frame import link

PLACES = {
    "source": ("data", "upload", "source"),
    "table": ("data", "catalog", "table"),
    "sheet": ("data", "sheets", "sheet"),
    "template": ("generate", "templates", "template"),
    "training_sheet": ("generate", "training-sheets", "training_sheet"),
    "training_job": ("train", "jobs", "job"),
    "endpoint": ("deploy", "endpoints", "endpoint"),
    "gap": ("improve", "gaps", "gap"),
    "feedback": ("improve", "feedback", None),
    "task": ("label", "tasks", None),
}
"""Stage, view, and the parameter that takes the id; None where the view lists them all."""


def place_of(entity_type: str | None, entity_id: str | None) -> str | None:
    """The address of its page; None where it has none."""
    if entity_type not in PLACES or not entity_id:
        return None
    stage, view, name = PLACES[entity_type]
    return link(stage, view, **({name: entity_id} if name else {}))
