"""What a command prints: JSON or a plain table on stdout, problems and hints on stderr."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ontos.kernel.correlation import correlation
from ontos.kernel.errors import OntosError
from ontos.kernel.transfer import Download

WIDEST = 40
"""Characters of a table's cell."""


def show(result: Any, *, table: bool = False, output: Path | None = None) -> None:
    """A page is shown as its rows; where it goes on is said on stderr."""
    if isinstance(result, Download):
        return _save(result, output)
    if isinstance(result, dict) and "items" in result and "next_cursor" in result:
        if result["next_cursor"]:
            say(f"There is more: --cursor {result['next_cursor']}")
        result = result["items"]
    rows = result if isinstance(result, list) else [result]
    if table and rows and all(isinstance(row, Mapping) for row in rows):
        click.echo(as_table(rows))
    else:
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))


def say(line: str) -> None:
    click.echo(line, err=True)


def show_problem(error: OntosError) -> None:
    say(json.dumps(error.problem(correlation()), indent=2, ensure_ascii=False))


def as_table(rows: list[Mapping[str, Any]]) -> str:
    """Aligned columns, without those that hold nested values in the first row."""
    names = [n for n, value in rows[0].items() if not isinstance(value, list | dict)]
    lines = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _save(download: Download, output: Path | None) -> None:
    if output is None:
        for chunk in download.chunks:
            click.echo(chunk, nl=False)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        file.writelines(download.chunks)
    say(f"Wrote {output}.")
