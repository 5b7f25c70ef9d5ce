"""Data: bring tables in, browse them, and make sheets of them."""

from pages.frame import View, stage

stage(
    "Data",
    "Bring in tables, and choose in a sheet what its rows are and what each column holds.",
    (
        View("sheets", "Sheets", "pages.data.sheets"),
        View("upload", "Upload", "pages.data.sources"),
        View("catalog", "Catalog", "pages.data.catalog"),
    ),
    feature="sheets",
)
