"""The command line: a group for each stage, a command for each operation, derived from them.

    python -m ontos data list-sheets --table

It works on the embedded store itself, or asks a running app over REST: the one at `--url`, or,
where the store is in use, the one on this machine.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from ontos import __version__

if TYPE_CHECKING:
    from ontos.kernel.operation import Operation

GROUPS = {
    "data": "Upload tables, browse the catalog, make sheets.",
    "generate": "Write templates, assemble training sheets, let a model answer.",
    "label": "Review pairs, keep canonical labels, export.",
    "train": "Train, evaluate and compare models.",
    "deploy": "Serve models, ask them, roll back.",
    "monitor": "Ingest and read the metrics of endpoints.",
    "improve": "Take feedback, find gaps, collect and retrain.",
    "govern": "Audit, lineage, members, roles, tokens, orgs.",
}
"""Stages: each is a group of commands."""

ALIASES = {
    "sample": ("load_sample", "Load the sample project."),
    "sample-state": ("get_sample", "Tell whether it is loaded."),
    "remove-sample": ("remove_sample", "Remove it again."),
}
"""Shortcuts: name, operation, what it does."""

EPILOG = """Examples:

\b
  python -m ontos data list-sheets --table
  python -m ontos data create-sheet --name intents --source-table workbench.data_default.intents
  python -m ontos --url https://workbench.example.com improve create-feedback --json @feedback.json
"""

SERVE = """\
The app serves the pages, REST (/api/docs), MCP (/mcp) and metrics on one port:

  make run                                   installs what is missing, then http://127.0.0.1:8501
  streamlit run app.py --server.address 127.0.0.1 --server.port 8501

ONTOS_HOME is where the embedded store lives; `make run` also takes PORT.
"""


class Reach(Protocol):
    """What carries out operations: the store itself, or a running app."""

    def perform(self, op: "Operation", arguments: dict[str, Any]) -> Any: ...
    def settle(self) -> None: ...


@dataclass(frozen=True)
class Where:
    """The options of the whole command line."""

    url: str | None
    token: str | None
    org: str | None
    project: str | None


NOWHERE = Where(None, None, None, None)
"""Nothing was said: the store itself, in its default org."""


class Formatter(click.HelpFormatter):
    def write_heading(self, heading: str) -> None:
        super().write_heading(click.style(heading, bold=True))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 36, col_spacing: int = 3
    ) -> None:
        super().write_dl([(click.style(a, fg="cyan"), b) for a, b in rows], col_max, col_spacing)


class Context(click.Context):
    formatter_class = Formatter


class Derived(click.Command):
    context_class = Context


class Stage(click.Group):
    """The commands of one stage."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(op.name.replace("_", "-") for op in operations() if op.stage == self.name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = cmd_name.replace("-", "_")
        found = [op for op in operations() if (op.stage, op.name) == (self.name, name)]
        return command(found[0], cmd_name) if found else None


class Root(click.Group):
    """Stages, then shortcuts. Operations are looked up only when one of them is entered."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*GROUPS, *ALIASES, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in GROUPS:
            return Stage(cmd_name, help=GROUPS[cmd_name])
        if cmd_name in ALIASES:
            found = [op for op in operations() if op.name == ALIASES[cmd_name][0]]
            return command(found[0], cmd_name) if found else None
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        aliases = {name: about for name, (_operation, about) in ALIASES.items()}
        own = {name: made.get_short_help_str(80) for name, made in self.commands.items()}
        for title, rows in (("Stages", GROUPS), ("Shortcuts", aliases | own)):
            with formatter.section(title):
                formatter.write_dl(list(rows.items()))


@click.command(cls=Root, epilog=EPILOG, context_settings={"max_content_width": 100})
@click.version_option(__version__, message="ontos %(version)s")
@click.option("--url", envvar="ONTOS_URL", metavar="URL", help="Ask the app that runs there.")
@click.option("--token", envvar="ONTOS_TOKEN", metavar="TOKEN", help="API token for that app.")
@click.option("--org", metavar="ORG", help="Org to work in, where it is not your own default.")
@click.option("--project", metavar="PROJECT", help="Project of that org, where it is not Common.")
@click.pass_context
def root(
    ctx: click.Context, url: str | None, token: str | None, org: str | None, project: str | None
) -> None:
    """The Ontos ML Workbench: turn governed data into models, and keep improving them.

    Results are JSON on stdout. A problem is a JSON document on stderr, with exit status 1. Options
    may also come as ONTOS_URL and ONTOS_TOKEN.
    """
    ctx.obj = Where(url, token, org, project)


@root.command()
def serve() -> None:
    """Say how to serve the pages, REST and MCP."""
    click.echo(SERVE, nl=False)


def main() -> None:
    root(prog_name="python -m ontos")


def operations() -> "list[Operation]":
    """Every operation; looking them up imports the stages."""
    from ontos.bootstrap import declare
    from ontos.kernel.operation import OPERATIONS

    declare()
    return list(OPERATIONS.values())


def command(op: "Operation", name: str) -> click.Command:
    """The command that carries out one operation."""
    from ontos.doors.options import about, arguments, parameters
    from ontos.kernel.transfer import Download

    def callback(**given: Any) -> None:
        table, output = given.pop("table", False), given.pop("output", None)
        where = click.get_current_context().find_object(Where) or NOWHERE
        carry_out(op, arguments(op, given), where, table=table, output=output)

    shape: click.Parameter = click.Option(
        ["--table"], is_flag=True, help="Rows as a plain table instead of JSON."
    )
    if op.returns is Download:
        kind = click.Path(dir_okay=False, writable=True, path_type=Path)
        shape = click.Option(["--output"], type=kind, help="Write to this file, not to stdout.")
    return Derived(
        name, callback=callback, params=[*parameters(op), shape], help=about(op),
        short_help=op.summary, epilog=f"{op.method} {op.path}, needs {op.needs}.",
    )  # fmt: skip


def carry_out(
    op: "Operation", arguments: dict[str, Any], where: Where, *, table: bool, output: Path | None
) -> None:
    """Show the result, then wait for the jobs that it began; refusals end with status 1."""
    from ontos.doors.output import show, show_problem
    from ontos.kernel.errors import OntosError

    try:
        with reach(where) as reached:
            show(reached.perform(op, arguments), table=table, output=output)
            reached.settle()
    except OntosError as error:
        show_problem(error)
        raise click.exceptions.Exit(1) from error


@contextmanager
def reach(where: Where) -> Iterator[Reach]:
    """The app asked for; else the store; else the app on this machine that holds the store."""
    from ontos.doors.inprocess import InProcess, opened
    from ontos.doors.output import say
    from ontos.doors.remote import Remote
    from ontos.kernel.errors import Unavailable

    if where.url:
        yield Remote(where.url, where.token, where.org, where.project)
        return
    try:
        bench = opened()
    except Unavailable as error:
        here = Remote(local_url(), where.token, where.org, where.project)
        if error.more.get("reason") != "in use" or not here.answers():
            raise
        say(f"The store is in use by the app at {here.url}; asking that.")
        yield here
        return
    try:
        yield InProcess(bench, where.org, say, where.project)
    finally:
        bench.close()


def local_url() -> str:
    """Where `make run` serves."""
    return f"http://127.0.0.1:{os.environ.get('PORT', '8501')}"
