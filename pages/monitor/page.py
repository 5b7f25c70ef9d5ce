"""Monitor: how endpoints answer."""

from pages.frame import View, stage

stage(
    "Monitor",
    "See how often your models are asked, how quickly they answer, and what goes wrong.",
    (
        View("performance", "Performance", "pages.monitor.performance"),
        View("ingest", "Send metrics", "pages.monitor.ingest"),
    ),
)
