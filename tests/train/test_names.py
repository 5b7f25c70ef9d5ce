import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.train.names import nearest, require_name


@pytest.mark.parametrize(
    ("typed", "joint", "name"),
    [("bank intents", "_", "bank_intents"), ("bank intents", "-", "bank-intents"),
     ("Café: Größe!", "_", "Cafe_Groe"), ("-a-", "_", "a"), ("🍏", "_", ""),
     ("x" * 200, "_", "x" * 100)],
)  # fmt: skip
def test_the_nearest_name_keeps_what_it_can(typed, joint, name):
    assert nearest(typed, 100, joint) == name


def test_a_name_that_will_not_do_says_which_would():
    with pytest.raises(ValueError, match=r"; bank_intents would do$"):
        require_name("bank intents", "a model", 100)
    with pytest.raises(ValueError, match=r"a letter or digit first$"):
        require_name("🍏", "a model", 100)
    assert require_name("bank_intents", "a model", 100) == "bank_intents"


@given(st.text(), st.sampled_from("_-"))
def test_what_is_proposed_would_do(typed, joint):
    name = nearest(typed, 63, joint)
    assert not name or require_name(name, "an endpoint", 63, joint) == name
