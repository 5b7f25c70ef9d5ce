"""Files as they arrive, and the two things made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ontos.bootstrap import Workbench
from ontos.data.sheets import Sheet, SheetSpec, create_sheet
from ontos.data.sources import Source, upload_file
from ontos.kernel.caller import Caller
from ontos.kernel.transfer import Upload


@pytest.fixture
def arrived(tmp_path: Path) -> Callable[..., Upload]:
    """A file that has arrived with this content."""

    def make(content: bytes | str, name: str = "file.csv", content_type: str = "") -> Upload:
        path = tmp_path / "arrived"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Upload(path, name, content_type)

    return make


@pytest.fixture
def load(caller: Caller, arrived: Callable[..., Upload]) -> Callable[..., Source]:
    """Upload this content as a table."""

    def make(content: bytes | str, name: str = "things", file_name: str = "file.csv") -> Source:
        return upload_file(caller, arrived(content, file_name), name)

    return make


@pytest.fixture
def make_sheet(caller: Caller) -> Callable[..., Sheet]:
    """A draft sheet over a table."""

    def make(table: str, name: str = "sheet", **given: Any) -> Sheet:
        return create_sheet(caller, SheetSpec(name=name, source_table=table, **given))

    return make


@pytest.fixture
def other_org(bench: Workbench) -> Caller:
    """The local administrator, in a second org."""
    from ontos.kernel.tenancy import add_org

    add_org(bench.engine, "other", "Other", bench.local_caller().user)
    bench.directory.forget()
    return bench.local_caller("other")
