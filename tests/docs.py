"""Writes the reference pages in docs/ from what the code declares.

python -m tests.docs
"""

from collections.abc import Callable
from pathlib import Path

import sqlglot
from sqlglot import exp

from ontos.bootstrap import STAGES, declare
from ontos.kernel.operation import OPERATIONS, Operation
from ontos.kernel.permission import FEATURES, ROLES
from ontos.kernel.settings import Settings

ROOT = Path(__file__).parents[1]
NOTE = "<!-- Written by `python -m tests.docs`; change the declarations, not this page. -->\n"


def settings() -> str:
    rows = [
        f"| `ONTOS_{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = "# Settings\n\nRead from the environment when the workbench starts.\n\n"
    return (
        NOTE + head + "| Variable | Default | Meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _default(value: object) -> str:
    return "none" if value is None else f"`{value}`"


def operations() -> str:
    declare()
    text = NOTE + (
        "# Operations\n\n"
        "Each is a REST route under `/api/v1`, an MCP tool and a command of the same name.\n\n"
        "Reads as: in a workspace, operations of `person` look into tables that are not the "
        "workbench's own, with the rights of whoever asks; those of `app` touch none but its own "
        "tables, as its service principal.\n"
    )
    for stage in STAGES:
        of_stage = [
            op for op in OPERATIONS.values() if op.function.__module__.split(".")[1] == stage
        ]
        rows = "\n".join(_operation(op) for op in sorted(of_stage, key=lambda op: op.path))
        head = "| Operation | REST | Needs | Reads as | What it does |\n|---|---|---|---|---|\n"
        text += f"\n## {stage.capitalize()}\n\n{head}{rows}\n"
    return text


def _operation(op: Operation) -> str:
    return f"| `{op.name}` | `{op.method} {op.path}` | {op.needs} | {op.rights} | {op.summary} |"


def tables() -> str:
    text = NOTE + "# Tables\n\nDeclared in `schemas/`, in Databricks SQL.\n"
    for file in sorted((ROOT / "schemas").glob("*.sql")):
        text += f"\n## {file.stem}\n"
        for tree in sqlglot.parse(file.read_text(encoding="utf-8"), read="databricks"):
            if isinstance(tree, exp.Create):
                text += _table(tree)
    return text


def _table(tree: exp.Create) -> str:
    said = tree.find(exp.SchemaCommentProperty)
    rows = [
        f"| `{c.name}` | {c.args['kind'].sql(dialect='databricks')} | {_comment(c)} |"
        for c in tree.this.expressions
    ]
    head = "| Column | Type | |\n|---|---|---|\n"
    words = said.this.name if said else ""
    return f"\n### {tree.this.this.name}\n\n{words}\n\n{head}" + "\n".join(rows) + "\n"


def _comment(column: exp.ColumnDef) -> str:
    said = column.find(exp.CommentColumnConstraint)
    return said.this.name if said else ""


def roles() -> str:
    features = "\n".join(f"| `{f.key}` | {f.covers} |" for f in FEATURES)
    names = [f.key for f in FEATURES]
    head = "| Role | " + " | ".join(names) + " |\n|---|" + "---|" * len(names) + "\n"
    rows = "\n".join(
        f"| `{r.key}` | "
        + " | ".join(r.levels[n].name if n in r.levels else "none" for n in names)
        + " |"
        for r in ROLES
    )
    return NOTE + (
        "# Roles\n\nThese are the seeds; the Govern page edits what holds in an org. "
        "Levels: none < read < write < admin. Whoever has no role comes in as `data_consumer`.\n\n"
        f"{head}{rows}\n\n| Feature | Covers |\n|---|---|\n{features}\n"
    )


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings, "operations.md": operations, "tables.md": tables, "roles.md": roles,
}  # fmt: skip

if __name__ == "__main__":
    for name, write in PAGES.items():
        (ROOT / "docs" / name).write_text(write(), encoding="utf-8")
