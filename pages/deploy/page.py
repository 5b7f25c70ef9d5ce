"""Deploy: models behind names, and a place to ask them."""

from pages.frame import View, stage

stage(
    "Deploy",
    "Serve a model under a name, ask it, share its requests among versions, guard them.",
    (
        View("endpoints", "Endpoints", "pages.deploy.endpoints"),
        View("playground", "Playground", "pages.deploy.playground"),
        View("models", "Models", "pages.deploy.models"),
    ),
    feature="deploy",
)
