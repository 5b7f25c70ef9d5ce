"""Govern: what happened, what came of what, and who may do what."""

from pages.frame import View, stage

stage(
    "Govern",
    "The record of everything done and refused, where things came from, and who may do what.",
    (
        View("audit", "Audit", "pages.govern.audit"),
        View("lineage", "Lineage", "pages.govern.lineage"),
        View("members", "Members", "pages.govern.members"),
        View("projects", "Projects", "pages.govern.projects"),
        View("roles", "Roles", "pages.govern.roles"),
        View("tokens", "API tokens", "pages.govern.tokens"),
        View("orgs", "Orgs", "pages.govern.orgs"),
        View("setup", "Setup", "pages.govern.setup"),
    ),
)
