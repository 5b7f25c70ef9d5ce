"""Files of a volume through the Files API, by address signed for a download."""

import io

import pytest

from ontos.kernel.errors import Denied, Invalid, NotFound
from ontos.workspace.databricks.client import Connection
from ontos.workspace.databricks.files import DatabricksFiles
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import half, opened


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("workspace")) as workspace:
        yield workspace


@pytest.fixture
def files(workspace):
    return half(workspace.root / "home").files


def test_the_volume_is_made_when_it_is_first_written_to(workspace, files):
    """Files API, list: 404 where there is no directory. Not documented: 404 for a missing volume,
    also when a directory is made. The workbench makes the volume, once."""
    assert files.list("in") == []
    assert files.put("in/a.csv", io.BytesIO(b"a,b\n1,2\n")) == 8
    assert workspace.catalog.has("volume", "workbench.data_default.files")
    assert files.open("in/a.csv").read() == b"a,b\n1,2\n"
    assert workspace.faults.count("POST .*/volumes") == 1
    assert workspace.faults.count("create-download-url") == 1


def test_what_is_written_again_is_replaced(files):
    """Files API, upload: with `overwrite` an existing file is overwritten."""
    files.put("twice.txt", io.BytesIO(b"first"))
    files.put("twice.txt", io.BytesIO(b"second time"))
    assert files.open("twice.txt").read() == b"second time"


def test_a_large_file_goes_in_parts_and_comes_back_whole(workspace, files):
    """SDK, files: from 50 MiB on it uploads in parts, to addresses that are presigned for each."""
    content = bytes(range(256)) * (52 * 4096)
    assert files.put("large.bin", io.BytesIO(content)) == len(content)
    assert workspace.faults.count("PUT /signed/") > 1 and not workspace.uploads.begun
    assert files.open("large.bin").read() == content


def test_an_upload_that_breaks_off_leaves_no_file(workspace, files):
    """SDK, files: where the first part fails it aborts, and uploads in one piece;
    here that fails too."""
    workspace.faults.plan(Fault("action|PUT /signed/", times=99, status=400, code="BAD_REQUEST"))
    workspace.faults.plan(Fault("PUT /api/2.0/fs/files/", status=400, code="BAD_REQUEST"))
    with pytest.raises(Invalid, match=r"half\.bin cannot be written"):
        files.put("half.bin", io.BytesIO(bytes(51 * 1024 * 1024)))
    workspace.faults.clear()
    assert "half.bin" not in files.list("")


def test_names_with_spaces_and_signs(files):
    """Files API: the path is part of the URI, where the SDK quotes it; it is
    listed as it was given."""
    files.put("in d/ü & 100 %.txt", io.BytesIO(b"x"))
    assert files.list("in d") == ["in d/ü & 100 %.txt"]
    assert files.open("in d/ü & 100 %.txt").read() == b"x"


def test_a_folder_is_listed_page_by_page_without_its_folders(files):
    """Files API, list: a page may hold fewer entries than were asked for, here two at a time;
    `next_page_token` leads on. Folders are among them, and left out by the workbench."""
    for name in ("c", "a", "b", "e", "d"):
        files.put(f"many/{name}.txt", io.BytesIO(b"x"))
    files.put("many/deep/f.txt", io.BytesIO(b"x"))
    assert files.list("many") == [f"many/{name}.txt" for name in "abcde"]


def test_what_was_deleted_is_gone(files):
    """SDK, errors: NotFound for a file that does not exist, asked for its content
    or to be deleted."""
    files.put("gone.txt", io.BytesIO(b"x"))
    files.delete("gone.txt")
    for call in (files.open, files.delete):
        with pytest.raises(NotFound, match=r"gone\.txt"):
            call("gone.txt")


@pytest.mark.parametrize("path", ["", "../x", "/Volumes/other/x"])
def test_paths_stay_in_the_volume(files, path):
    """Files API: paths are `/Volumes/<catalog>/<schema>/<volume>/<path>`; none
    leaves the org's own."""
    with pytest.raises(Invalid):
        files.put(path, io.BytesIO(b"x"))


def test_without_write_volume_nothing_is_written(workspace, files):
    """Unity Catalog, privileges: adding files takes WRITE VOLUME, beside USE
    CATALOG and USE SCHEMA."""
    files.put("kept.txt", io.BytesIO(b"x"))
    token = workspace.people.add("bob@example.org")
    theirs = DatabricksFiles(Connection(token), "workbench", "data_default")
    with pytest.raises(Denied, match=r"other\.txt|/Volumes/workbench/data_default/files"):
        theirs.put("other.txt", io.BytesIO(b"x"))
    assert "other.txt" not in files.list("")
    assert workspace.unforeseen == []
