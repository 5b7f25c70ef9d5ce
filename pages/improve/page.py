"""Improve: what users said, where the model falls short, and the way to a better version."""

from pages.frame import View, stage

stage(
    "Improve",
    "Turn what users said and what evaluations show into better training data, "
    "and a better version.",
    (
        View("gaps", "Gaps", "pages.improve.gaps"),
        View("feedback", "Feedback", "pages.improve.feedback"),
    ),
    feature="improve",
)
