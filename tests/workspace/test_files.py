import io
import os

import pytest

from ontos.kernel.errors import Invalid, NotFound
from ontos.workspace.local.files import LocalFiles


@pytest.fixture
def files(tmp_path):
    return LocalFiles(tmp_path / "volume")


class Torn(io.BytesIO):
    """A body whose sender goes away in the middle."""

    def read(self, size=-1):
        if self.tell():
            raise ConnectionResetError("gone")
        return super().read(3)


def content(files, path):
    with files.open(path) as opened:
        return opened.read()


def test_what_is_put_can_be_read_listed_and_deleted(files):
    assert files.put("in/a.csv", io.BytesIO(b"x,y\n1,2\n")) == 8
    assert files.put("in/b.csv", io.BytesIO(b"")) == 0
    assert files.put("in/deep/c.csv", io.BytesIO(b"1")) == 1
    assert content(files, "in/a.csv") == b"x,y\n1,2\n"
    assert files.list("in") == ["in/a.csv", "in/b.csv"]
    assert files.list("in/deep/") == ["in/deep/c.csv"]
    files.delete("in/a.csv")
    assert files.list("in") == ["in/b.csv"]
    assert (files.list(""), files.list("nowhere")) == ([], [])


def test_putting_again_replaces(files):
    files.put("a", io.BytesIO(b"old and long"))
    files.put("a", io.BytesIO(b"new"))
    assert content(files, "a") == b"new"


def test_half_a_file_is_no_file(files, tmp_path):
    files.put("a", io.BytesIO(b"before"))
    with pytest.raises(ConnectionResetError):
        files.put("a", Torn(b"0123456789"))
    assert content(files, "a") == b"before"
    assert [p.name for p in (tmp_path / "volume").iterdir()] == ["a"]


@pytest.mark.parametrize(
    "path",
    [
        "../a",
        "a/../../b",
        "/etc/passwd",
        "a\\..\\b",
        "nul\0byte",
        "line\nbreak",
        ".hidden",
        "a/.ssh/b",
        "",
        ".",
        "x" * 300,
    ],
)
def test_paths_that_lead_elsewhere_are_refused(files, path):
    with pytest.raises(Invalid) as refused:
        files.put(path, io.BytesIO(b"1"))
    assert refused.value.field == "path"


def test_a_link_out_of_the_volume_is_refused(files, tmp_path):
    files.put("a", io.BytesIO(b"1"))
    os.symlink(tmp_path, tmp_path / "volume" / "door")
    for touch in (files.open, files.delete, files.list):
        with pytest.raises(Invalid, match="leads out"):
            touch("door/secret")


def test_a_file_is_no_folder_and_a_folder_no_file(files):
    files.put("a/b", io.BytesIO(b"1"))
    for wrong in ("a", "a/b/c"):
        with pytest.raises(Invalid):
            files.put(wrong, io.BytesIO(b"1"))
    for missing in ("a", "a/b/c", "nope"):
        with pytest.raises(NotFound):
            files.open(missing)
        with pytest.raises(NotFound):
            files.delete(missing)


def test_names_in_any_script(files):
    files.put("Größe ☂/naïve file.csv", io.BytesIO(b"1"))
    assert files.list("Größe ☂") == ["Größe ☂/naïve file.csv"]
