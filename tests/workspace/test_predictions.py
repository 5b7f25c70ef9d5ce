import numpy as np
import pandas as pd
import pytest

from ontos.kernel.errors import Invalid, Unavailable
from ontos.workspace.predictions import plain, table


def test_a_column_of_text_for_each_variable():
    rows = [{"a": "x", "b": 1}, {"b": None, "a": True}]
    assert table(rows, ("b", "a")) == {"b": ["1", ""], "a": ["x", "True"]}


def test_a_model_that_does_not_say_what_it_wants_gets_what_the_first_input_has():
    assert table([{"a": 1}, {"a": 2}], ()) == {"a": ["1", "2"]}
    with pytest.raises(Invalid, match="Input 1 misses a and has unknown b"):
        table([{"a": 1}, {"b": 2}], ())


def test_a_refusal_names_the_variables_for_programs_too():
    with pytest.raises(Invalid) as refused:
        table([{"a": 1, "c": 1}], ("a", "b"))
    assert refused.value.more == {"missing": ["b"], "unknown": ["c"]}


@pytest.mark.parametrize(
    "answers",
    [
        ["yes", None],
        ("yes", None),
        np.array(["yes", None]),
        pd.Series(["yes", None], dtype=object),
    ],
)
def test_answers_of_any_kind_become_a_list(answers):
    assert plain(answers, 2) == ["yes", None]


def test_numbers_are_pythons_and_what_is_no_number_is_nothing():
    [one, none] = plain(np.array([1.5, float("nan")]), 2)
    assert type(one) is float and (one, none) == (1.5, None)
    assert plain([np.int64(3), {"score": np.float32(0.5)}], 2) == [3, {"score": 0.5}]


def test_a_table_of_answers_is_an_object_each():
    frame = pd.DataFrame({"label": ["yes"], "score": [0.25]})
    assert plain(frame, 1) == [{"label": "yes", "score": 0.25}]


def test_one_answer_for_each_input():
    with pytest.raises(Unavailable, match="1 answers to 2 inputs"):
        plain(["yes"], 2)
