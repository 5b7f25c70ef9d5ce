"""Home: where the work stands, what waits, what runs."""

from pages.frame import View, stage

stage(
    "Home",
    "From governed data to models that keep improving.",
    (View("overview", "Overview", "pages.home.overview"),),
)
