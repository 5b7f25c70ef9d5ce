import pytest

from ontos.kernel.errors import Invalid
from ontos.workspace.names import org_name, relative_path, run_name, three_parts, visible


@pytest.mark.parametrize(
    "text, parts",
    [
        ("a.b.c", ("a", "b", "c")),
        ("`a.x`.b.`c``d`", ("a.x", "b", "c`d")),
        ("a b.c.d e", ("a b", "c", "d e")),
        ("a.b", None),
        ("a.b.c.d", None),
        ("a..c", None),
        ("a.b.", None),
        (".a.b", None),
        ("", None),
        ("`a.b.c", None),
        ("a.`b`x.c", None),
    ],
)
def test_three_parts(text, parts):
    assert three_parts(text) == parts


@pytest.mark.parametrize("org", ["", "A", "1a", "a-b", "a/b", "..", "a" * 61, "a\n", "ä"])
def test_names_that_no_org_can_have(org):
    with pytest.raises(Invalid):
        org_name(org)


def test_an_org_name():
    assert org_name("north_2") == "north_2"


@pytest.mark.parametrize(
    "schema, seen",
    [
        ("data_north", True),
        ("DATA_NORTH", True),
        ("shop", True),
        ("data_south", False),
        ("org_north", False),
        ("Ontos_System", False),
        ("information_schema", False),
        ("data", True),
    ],
)
def test_what_an_org_sees(schema, seen):
    assert visible(schema, "north") is seen


def test_a_path_in_normal_form():
    assert relative_path("a//b/./c.csv") == "a/b/c.csv"
    assert relative_path("") == ""


def test_the_key_of_a_run():
    assert run_name("01J-x_9") == "01J-x_9"
    with pytest.raises(Invalid, match="cannot name a run"):
        run_name("a/b")
