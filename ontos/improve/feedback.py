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
from ontos.kernel import lineage
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Invalid, NotFound, NotNow, Refused
from ontos.kernel.fields import STORED, Id, Input, Limit, Name, Record, Text, new_id, now
from ontos.kernel.lineage import Edge, Node
from ontos.kernel.operation import operation, permit
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import Saved, save
from ontos.kernel.seen import Sight, by_sight, see
from ontos.label.origins import require_source
from ontos.label.pairs import FIND, PairInContext, without_row
from ontos.warehouse import together

Rating = Literal["up", "down"]

_ONE = "SELECT * FROM feedback WHERE id = :id"


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
    if spec.rating == "down" and _repeats(spec.output, spec.correction):
        raise Invalid(
            "correction: is the very answer that is called wrong. Say what would be right, leave "
            "it out, or rate the answer up.",
            field="correction",
        )
    key = new_id()
    made = save(
        caller,
        "INSERT INTO feedback (id, endpoint_name, model_version, request_id, input, output, rating,"
        " correction, comment, version, created_by, created_at)"
        " SELECT :id, e.name, coalesce((SELECT max(m.model_version) FROM endpoint_metrics AS m"
        " WHERE m.id = :request_id AND m.endpoint_name = :endpoint_name), e.model_version),"
        " :request_id, :input, :output, :rating, :correction, :comment, 1, :by, :at"
        " FROM endpoints AS e WHERE e.name = :endpoint_name"
        " AND e.status <> 'deleted'"
        " AND NOT EXISTS (SELECT 1 FROM feedback AS f WHERE f.id = :id)",
        finds=_ONE, answer=_ONE, about=("feedback", key), **spec.model_dump(exclude={"input"}),
        input=json.dumps(spec.input), id=key, by=caller.user, at=now(),
    )  # fmt: skip
    if made.row is None:
        raise no_endpoint(spec.endpoint_name)
    return Feedback(**made.row)


def _repeats(output: str, correction: str | None) -> bool:
    """Whether the correction says what was answered; space around it does not count."""
    return correction is not None and correction.strip() == output.strip()


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
    return page([see(caller, Feedback(**row)) for row in rows], limit, lambda given: given.id)


@operation("GET /feedback/{feedback_id}", needs=read("improve"))
def get_feedback(caller: Caller, feedback_id: Id) -> Feedback:
    """One rating."""
    rows = caller.warehouse.rows(_ONE, id=feedback_id)
    if not rows:
        raise NotFound(f"There is no feedback {feedback_id}. List it.", field="feedback_id")
    return see(caller, Feedback(**rows[0]))


@operation("POST /feedback/{feedback_id}/to-training", needs=write("improve"), rights="person")
def use_feedback(caller: Caller, feedback_id: Id, target: ToTraining) -> PairInContext:
    """Make a pending pair of a correction, or of an answer called good; a person reviews it."""
    permit(caller, "get_pair", "get_feedback", "get_training_sheet")
    return by_sight(caller, lambda sight: _used(caller, sight, feedback_id, target))


def _used(caller: Caller, sight: Sight, feedback_id: str, target: ToTraining) -> PairInContext:
    """What is relied on by sight never changes, or is asked for by the first write."""
    given, sheet, _ = together(
        lambda: sight(Feedback, feedback_id, get_feedback),
        lambda: sight(TrainingSheet, target.training_sheet_id, get_training_sheet),
        lambda: require_source(caller, target.training_sheet_id),
    )
    response = _lesson(given)
    _require_ready(sheet)
    _require_variables(given, sheet)
    prompt = render(compile_prompt(sheet.user_prompt), given.input)
    made = _make_pair(caller, given, sheet, prompt, response)
    if made.row is None or not made.done:
        _lesson(get_feedback(caller, feedback_id))
        _require_ready(get_training_sheet(caller, target.training_sheet_id))
        raise Conflict("A pair was made of this feedback meanwhile. Load it again.")
    return without_row(made.row)


def _require_ready(sheet: TrainingSheet) -> None:
    if sheet.status != "ready":
        raise NotNow(
            f"Training sheet {sheet.name} is {sheet.status}; choose one that is ready.",
            field="training_sheet_id",
        )


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


def _edges(given: Feedback, sheet: TrainingSheet) -> list[Edge]:
    """One node for all feedback on an endpoint: lineage grows with steps, not with rows."""
    endpoint = Node("endpoint", given.endpoint_name, given.endpoint_name)
    ratings = Node("feedback", given.endpoint_name, f"feedback on {given.endpoint_name}")
    return [
        Edge(endpoint, ratings, "create_feedback"),
        Edge(ratings, Node("training_sheet", sheet.id, sheet.name), "use_feedback"),
    ]


def _lesson(given: Feedback) -> str:
    """The response that the feedback teaches; refuses one that teaches none."""
    if given.pair_id:
        raise Conflict(f"This feedback was made into pair {given.pair_id} already.")
    taught = given.correction and not _repeats(given.output, given.correction)
    if given.rating == "down" and not taught:
        raise Refused(
            "correction: a thumbs-down without another answer says that the answer was wrong, not "
            "what is right. Add a correction, or leave it out of training.",
            field="correction",
        )
    return given.correction or given.output


_USE = """
MERGE INTO feedback AS t USING (
  SELECT :feedback AS id, s.id AS sheet FROM training_sheets AS s
  WHERE s.id = :training_sheet AND s.status = 'ready'
) AS s ON t.id = s.id
WHEN MATCHED AND t.pair_id IS NULL THEN UPDATE SET
  pair_id = :id, training_sheet_id = s.sheet, version = t.version + 1
"""

_INSERT = """
INSERT INTO pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response, response_source,
  review_status, version, created_at, updated_at)
SELECT :id, :training_sheet, :sheet, :ref, :prompt, :response, 'feedback', 'pending', 1, :at, :at
FROM feedback AS f WHERE f.id = :feedback AND f.pair_id = :id
  AND NOT EXISTS (SELECT 1 FROM pairs AS p WHERE p.id = :id)
"""


def _make_pair(
    caller: Caller, given: Feedback, sheet: TrainingSheet, prompt: str, response: str
) -> Saved:
    """The feedback is taken first, so that only one of two people makes a pair of it."""
    ref, made = f"feedback-{given.id}", "SELECT 1 FROM pairs WHERE id = :id AND created_at = :at"
    linked, bound = lineage.beside(caller, _edges(given, sheet), made)
    return save(
        caller, _USE, _INSERT, linked, finds=made, answer=FIND,
        id=hashlib.md5(f"{sheet.id}/{ref}".encode(), usedforsecurity=False).hexdigest(),
        feedback=given.id, training_sheet=sheet.id, sheet=sheet.sheet_id, ref=ref, prompt=prompt,
        response=response, at=now(), **bound,
    )  # fmt: skip
