"""A throw-away DuckDB that can read one file, and can do nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ontos.data.formats.contents import literal
from ontos.kernel.errors import Invalid

MEMORY = "512MB"
LONGEST_REASON = 300


@contextmanager
def scratch(path: Path) -> Iterator[Any]:
    """The engine, allowed to read `path` alone."""
    import duckdb

    engine = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False, "autoload_known_extensions": False,
            "allow_community_extensions": False, "python_enable_replacements": False,
            "memory_limit": MEMORY,
        },
    )  # fmt: skip
    try:
        # The file is read in one direction; keeping it in memory would only let memory grow.
        engine.execute("SET enable_external_file_cache = false")
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(f"SET allowed_paths = [{literal(str(path))}]")
        engine.execute("SET enable_external_access = false")
        engine.execute("SET lock_configuration = true")
        yield engine
    finally:
        engine.close()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What the engine cannot read in the file becomes Invalid; a fault of ours stays one."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        wide = "file: its rows are too wide to be read. Split the file."
        raise Invalid(wide, field="file") from error
    except (
        duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException,
        duckdb.NotSupportedError,
    ) as error:  # fmt: skip
        raise Invalid(
            f"file: it cannot be read ({_reason(error, path)}). Write it anew, then upload that.",
            field="file",
        ) from error


def _reason(error: Exception, path: Path) -> str:
    """The engine's own words, without their kind and the name of the temporary file."""
    first = str(error).replace(f"'{path}'", "the file").replace(str(path), "the file")
    return first.split("\n")[0].partition("Error: ")[2][:LONGEST_REASON] or type(error).__name__
