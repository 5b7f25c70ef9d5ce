"""What users say of answers. Only a correction, or an answer called good, can become an example."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from ontos.deploy.endpoints import no_endpoint
from ontos.deploy.queries import Value
from ontos.generate.rendering import compile_prompt, placeholders, render
from ontos.generate.training_sheets import TrainingSheet, get_training_sheet
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Invalid, NotFound, NotNow, Refused
from ontos.kernel.fields import STORED, Id, Input, Limit, Name, Record, Text, new_id, now
from ontos.kernel.lineage import Node, link
from ontos.kernel.operation import operation, signed
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.label.pairs import PairInContext, get_pair

Rating = Literal["up", "down"]


class Feedback(Record):
    """`pair_id` is the pair that was made of it; None while none was."""

    id: str
    endpoint_name: str
    model_version: str | None
    request_id: str | None
    input: Annotated[dict[str, Any], STORED]
    output: str
    rating: str
    correction: str | None
    comment: str | None
    pair_id: str | None
    training_sheet_id: str | None
    created_by: str
    created_at: datetime


class FeedbackSpec(Input):
    """`input` holds the variables that the endpoint was asked with."""

    endpoint_name: Name
    input: dict[str, Value] = Field(min_length=1, max_length=1_000)
    output: Text
    rating: Rating
    correction: Text | None = None
    comment: Text | None = None
    request_id: Id | None = None


class ToTraining(Input):
    training_sheet_id: Id


@operation("POST /feedback", needs=write("improve"))
def create_feedback(caller: Caller, spec: FeedbackSpec) -> Feedback:
    """Rate an answer of an endpoint, and say what it should have been.

    It is about the version that answered the request; of one that is not known, about the version
    that answers most.
    """
    if spec.correction is not None and not spec.correction.strip():
        raise Invalid(
            "correction: is empty. Say the right answer, or leave it out.", field="correction"
        )
    beside = signed("SELECT 1 FROM feedback WHERE id = :id")
    rows = caller.warehouse.script(
        "INSERT INTO feedback (id, endpoint_name, model_version, request_id, input, output, rating,"
        " correction, comment, version, created_by, created_at)"
        " SELECT :id, e.name, coalesce((SELECT max(m.model_version) FROM endpoint_metrics AS m"
        " WHERE m.id = :request_id AND m.endpoint_name = :endpoint_name), e.model_version),"
        " :request_id, :input, :output, :rating, :correction, :comment, 1, :by, :at"
        " FROM endpoints AS e WHERE e.name = :endpoint_name"
        " AND e.status <> 'deleted'"
        " AND NOT EXISTS (SELECT 1 FROM feedback AS f WHERE f.id = :id)",
        beside.statement, "SELECT * FROM feedback WHERE id = :id",
        **spec.model_dump(exclude={"input"}), input=json.dumps(spec.input), id=new_id(),
        by=caller.user, at=now(), **beside.values,
    )  # fmt: skip
    if not rows:
        raise no_endpoint(spec.endpoint_name)
    beside.written = True
    return Feedback(**rows[0])


@operation("GET /feedback", needs=read("improve"))
def list_feedback(
    caller: Caller, endpoint_name: str | None = None, rating: Rating | None = None,
    used: bool | None = None, limit: Limit = 100, cursor: str | None = None,
) -> Page[Feedback]:  # fmt: skip
    """Ratings, newest first; `used` tells whether a pair was made of it."""
    rows = caller.warehouse.rows(
        "SELECT * FROM feedback WHERE (:endpoint IS NULL OR endpoint_name = :endpoint)"
        " AND (:rating IS NULL OR rating = :rating)"
        " AND (:used IS NULL OR (pair_id IS NOT NULL) = :used)"
        " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit",
        endpoint=endpoint_name, rating=rating, used=used, after=decode(cursor), limit=limit + 1,
    )  # fmt: skip
    return page([Feedback(**row) for row in rows], limit, lambda given: given.id)


@operation("GET /feedback/{feedback_id}", needs=read("improve"))
def get_feedback(caller: Caller, feedback_id: Id) -> Feedback:
    """One rating."""
    rows = caller.warehouse.rows("SELECT * FROM feedback WHERE id = :id", id=feedback_id)
    if not rows:
        raise NotFound(f"There is no feedback {feedback_id}. List it.", field="feedback_id")
    return Feedback(**rows[0])


@operation("POST /feedback/{feedback_id}/to-training", needs=write("improve"), rights="person")
def use_feedback(caller: Caller, feedback_id: Id, target: ToTraining) -> PairInContext:
    """Make a pending pair of a correction, or of an answer called good; a person reviews it."""
    given = get_feedback(caller, feedback_id)
    response = _lesson(given)
    sheet = get_training_sheet(caller, target.training_sheet_id)
    if sheet.status != "ready":
        raise NotNow(
            f"Training sheet {sheet.name} is {sheet.status}; choose one that is ready.",
            field="training_sheet_id",
        )
    _require_variables(given, sheet)
    prompt = render(compile_prompt(sheet.user_prompt), given.input)
    pair_id = _insert_pair(caller, given, sheet, prompt, response)
    _mark_used(caller, given, pair_id, sheet)
    _link(caller, given, sheet)
    return get_pair(caller, pair_id)


def _require_variables(given: Feedback, sheet: TrainingSheet) -> None:
    """What the endpoint was asked with must fill the training sheet's template."""
    missing = [name for name in placeholders(sheet.user_prompt) if name not in given.input]
    if missing:
        raise Refused(
            f"training_sheet_id: the template of {sheet.name} wants {', '.join(missing)}, which "
            f"this feedback does not hold (it holds {', '.join(given.input)}). Choose a training "
            "sheet of the template that the model learnt from.",
            field="training_sheet_id",
        )


def _link(caller: Caller, given: Feedback, sheet: TrainingSheet) -> None:
    """One node for all feedback on an endpoint: lineage grows with steps, not with rows."""
    endpoint = Node("endpoint", given.endpoint_name, given.endpoint_name)
    ratings = Node("feedback", given.endpoint_name, f"feedback on {given.endpoint_name}")
    link(caller, endpoint, ratings, "create_feedback")
    link(caller, ratings, Node("training_sheet", sheet.id, sheet.name), "use_feedback")


def _lesson(given: Feedback) -> str:
    """The response that the feedback teaches; refuses one that teaches none."""
    if given.pair_id:
        raise Conflict(f"This feedback was made into pair {given.pair_id} already.")
    if given.correction:
        return given.correction
    if given.rating == "down":
        raise Refused(
            "correction: a thumbs-down without a correction says that the answer was wrong, not "
            "what is right. Add a correction, or leave it out of training.",
            field="correction",
        )
    return given.output


def _insert_pair(
    caller: Caller, given: Feedback, sheet: TrainingSheet, prompt: str, response: str
) -> str:
    ref = f"feedback-{given.id}"
    pair_id = hashlib.md5(f"{sheet.id}/{ref}".encode(), usedforsecurity=False).hexdigest()
    caller.warehouse.execute(
        "INSERT INTO pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response,"
        " response_source, review_status, version, created_at, updated_at)"
        " VALUES (:id, :training_sheet, :sheet, :ref, :prompt, :response, 'feedback', 'pending',"
        " 1, :at, :at)",
        id=pair_id, training_sheet=sheet.id, sheet=sheet.sheet_id, ref=ref, prompt=prompt,
        response=response, at=now(),
    )  # fmt: skip
    return pair_id


def _mark_used(caller: Caller, given: Feedback, pair_id: str, sheet: TrainingSheet) -> None:
    used = caller.warehouse.execute(
        "UPDATE feedback SET pair_id = :pair, training_sheet_id = :sheet, version = version + 1"
        " WHERE id = :id AND pair_id IS NULL",
        pair=pair_id, sheet=sheet.id, id=given.id,
    )  # fmt: skip
    if not used:
        raise Conflict("Somebody else made a pair of this feedback meanwhile. Load it again.")
