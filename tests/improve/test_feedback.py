"""Feedback: what it teaches becomes a pending pair, once; what teaches nothing is refused."""

import pytest

from ontos.govern.lineage import get_lineage
from ontos.improve.feedback import (
    Feedback,
    FeedbackSpec,
    ToTraining,
    create_feedback,
    get_feedback,
    list_feedback,
    use_feedback,
)
from ontos.kernel.errors import Conflict, Invalid, NotFound, Refused
from ontos.kernel.fields import new_id
from ontos.label.pairs import get_pair
from tests.improve.conftest import ENDPOINT
from tests.train.made import Trained


def give(served: Trained, **more: str) -> Feedback:
    spec = {"rating": "down", "output": "tool", **more}
    given = FeedbackSpec(endpoint_name=ENDPOINT, input={"message": "one kiwi"}, **spec)
    return create_feedback(served.caller, given)


def to_training(served: Trained, given: Feedback) -> str:
    target = ToTraining(training_sheet_id=served.sheet.id)
    return use_feedback(served.caller, given.id, target).id


def test_a_correction_becomes_a_pending_pair(served: Trained) -> None:
    pair = get_pair(served.caller, to_training(served, give(served, correction="fruit")))
    assert (pair.review_status, pair.response, pair.response_source) == (
        "pending",
        "fruit",
        "feedback",
    )
    assert "one kiwi" in pair.prompt and pair.training_sheet_id == served.sheet.id


def test_a_thumbs_up_becomes_a_pending_pair_with_the_answer(served: Trained) -> None:
    pair = get_pair(served.caller, to_training(served, give(served, rating="up")))
    assert (pair.review_status, pair.response) == ("pending", "tool")


def test_what_was_used_unseen_makes_no_second_pair(served: Trained) -> None:
    given = get_feedback(served.caller, give(served, rating="up").id)
    served.caller.warehouse.execute(
        "UPDATE feedback SET pair_id = :pair WHERE id = :id", pair=new_id(), id=given.id
    )
    with pytest.raises(Conflict, match="already"):
        to_training(served, given)


def test_a_bare_thumbs_down_is_refused_with_the_reason(served: Trained) -> None:
    given = give(served)
    with pytest.raises(Refused, match="Add a correction") as refused:
        to_training(served, given)
    assert refused.value.field == "correction"
    assert get_feedback(served.caller, given.id).pair_id is None


def test_a_correction_that_repeats_the_answer_teaches_nothing(served: Trained) -> None:
    with pytest.raises(Invalid, match="Say what would be right"):
        give(served, correction="tool")
    given = give(served, correction="fruit")
    served.caller.warehouse.execute(
        "UPDATE feedback SET correction = output WHERE id = :id", id=given.id
    )
    with pytest.raises(Refused, match="Add a correction"):
        to_training(served, given)


def test_an_answer_called_right_may_be_repeated(served: Trained) -> None:
    pair = get_pair(
        served.caller, to_training(served, give(served, rating="up", correction="tool"))
    )
    assert pair.response == "tool"


def test_feedback_is_used_once(served: Trained) -> None:
    given = give(served, correction="fruit")
    pair = to_training(served, given)
    with pytest.raises(Conflict, match=pair):
        to_training(served, given)
    assert [f.id for f in list_feedback(served.caller, used=True).items] == [given.id]
    assert list_feedback(served.caller, used=False).items == []


def test_the_version_that_answered_is_kept(served: Trained) -> None:
    assert give(served).model_version == served.first.uc_model_version


def test_lineage_leads_from_the_endpoint_to_the_training_sheet(served: Trained) -> None:
    given = give(served, correction="fruit")
    to_training(served, given)
    graph = get_lineage(served.caller, "feedback", ENDPOINT)
    assert {"endpoint", "training_sheet"} <= {n.entity_type for n in graph.nodes}


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"endpoint_name": "nowhere"}, NotFound, None),
        ({"correction": "  "}, Invalid, "correction"),
        ({"correction": " x\n"}, Invalid, "correction"),
    ],
)
def test_bad_feedback_is_refused(
    served: Trained, change: dict[str, str], error: type[Exception], field: str | None
) -> None:
    spec = {"endpoint_name": ENDPOINT, "output": "x", "rating": "down", **change}
    with pytest.raises(error) as refused:
        create_feedback(served.caller, FeedbackSpec(input={"message": "x"}, **spec))
    assert field is None or getattr(refused.value, "field", None) == field
    assert list_feedback(served.caller).items == []


def test_input_that_does_not_fit_the_template_is_named(served: Trained) -> None:
    spec = FeedbackSpec(endpoint_name=ENDPOINT, input={"other": "x"}, output="x", rating="up")
    given = create_feedback(served.caller, spec)
    with pytest.raises(Refused, match="wants message"):
        to_training(served, given)
    with pytest.raises(NotFound):
        get_feedback(served.caller, new_id())
