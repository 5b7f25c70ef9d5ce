"""Tests of the Databricks half say for which documented behaviour they stand."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = [
    *sorted(TESTS.glob("workspace/test_databricks*.py")),
    *sorted(TESTS.glob("wire/workspace/test_*.py")),
]


def test_the_files_are_found() -> None:
    assert {"test_databricks_serving.py", "test_server.py"} <= {file.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_test_says_what_it_stands_for(file: Path) -> None:
    """One that stands for nothing documented says that too."""
    silent = silent_in(file)
    assert not silent, f"{file.name}: no docstring in {', '.join(silent)}"


def silent_in(file: Path) -> list[str]:
    """The tests of a file that say nothing."""
    return [
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test")
        and not ast.get_docstring(node)
    ]
