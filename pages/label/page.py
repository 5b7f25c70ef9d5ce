"""LABEL: people say which responses are right, and what items may be used for."""

from pages.frame import View, stage

stage(
    "Label",
    "Decide which responses are right. What you approve becomes the label and is used again.",
    [
        View("review", "Review", "pages.label.review"),
        View("focus", "One by one", "pages.label.focus"),
        View("labels", "Labels", "pages.label.labels"),
        View("usage", "Usage", "pages.label.usage", "labels"),
        View("export", "Export", "pages.label.export"),
        View("tasks", "Tasks", "pages.label.tasks", "labeling_jobs"),
    ],
)
