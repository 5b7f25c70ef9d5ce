"""Where each kind of thing is looked at, for steps from records that name it by its id."""

from pages.frame import step

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


def open_thing(label: str, entity_type: str | None, entity_id: str | None) -> None:
    """A step to its page, where it has one."""
    if entity_type in PLACES and entity_id:
        stage, view, name = PLACES[entity_type]
        step(label, stage, view, icon=":material/arrow_forward:",
             **({name: entity_id} if name else {}))  # fmt: skip
