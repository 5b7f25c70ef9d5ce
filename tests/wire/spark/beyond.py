"""What cannot be put to both engines, text by text, and why. Whatever else fails, fails the test.

A statement that Spark cannot parse or resolve is most likely broken: what stands here is known to
be right in a workspace, and shown by another test.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Excuse:
    """For texts that begin with `text`, or that Spark refuses with words that begin with `said`."""

    why: str
    text: str = ""
    said: str = ""

    def holds(self, shape: str, said: str) -> bool:
        if self.said:
            return said.startswith(self.said)
        return not said and shape.startswith(self.text)


EMBEDDED = "the embedded workspace's own catalog; a workspace on Databricks asks its SDK"
EXCUSES = (
    Excuse(EMBEDDED, text="SELECT s.schema_name AS name, count(t.table_name) AS tables"
           " FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON "),
    Excuse(EMBEDDED, text="SELECT table_schema, table_name, table_comment AS about"
           " FROM information_schema.tables WHERE table_catalog = :catalog AND "),
    Excuse(EMBEDDED, text="SELECT c.table_schema, c.table_name, c.column_name, c.data_type,"
           " c.is_nullable, c.column_comment AS note, t.table_comment AS about FROM "),
    Excuse("a function of Databricks alone: tests/wire/test_ai_query.py has one in Python",
           said="[UNRESOLVED_ROUTINE] Cannot resolve routine `ai_query` on search path"),
)  # fmt: skip
"""OPTIMIZE and VACUUM are none of these: `SparkEngine` looks whether their table is there."""
UNSENT = ("`workbench`.`data_default`.`strange_values`",)
"""Tables with values that JSON does not carry: what reads them cannot be set up again."""


def excuse(shape: str, said: str = "") -> Excuse | None:
    """Why a text is not executed on both; `said` is what Spark says of it, once it was asked."""
    return next((each for each in EXCUSES if each.holds(shape, said)), None)


def unexcused(dropped: Iterable[str]) -> list[str]:
    """Those of the texts that no table was set up for of which nothing says that this is so."""
    return [shape for shape in dropped if not any(table in shape for table in UNSENT)]
