"""GENERATE: prompts for the items of a sheet, and the pairs that are made of them."""

from pages.frame import View, stage

stage(
    "Generate",
    "Put the items of a sheet into prompts. Known labels come along; the rest waits for review.",
    (
        View("templates", "Templates", "pages.generate.templates"),
        View("assemble", "Assemble", "pages.generate.assembly"),
        View("training-sheets", "Training sheets", "pages.generate.training_sheets"),
    ),
    feature="templates",
)
