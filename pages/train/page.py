"""Train: from approved pairs to a registered model."""

from pages.frame import View, stage

stage(
    "Train",
    "Train a model on approved pairs, see how good it is, and compare it with former versions.",
    (
        View("new", "New model", "pages.train.new"),
        View("jobs", "Training jobs", "pages.train.jobs"),
        View("compare", "Compare versions", "pages.train.compare"),
    ),
    feature="training",
)
