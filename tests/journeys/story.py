"""The closed loop told over REST, on the sample project: afterwards every page has much to show.

Some of it goes wrong on purpose: a training sheet that fails, requests that are refused, names that
are long or odd.
"""

from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from tests.serving import Api, Refused

ENDPOINT = "pottery-desk"
LONG_NAME = (
    "Messages of the second quarter, without those that the travelling exhibition brought in, "
    "“second” reading"
)
LATENCIES = (12.0, 18.5, 9.0, 31.0, 14.2, 240.0, 16.0, 22.0)
DONE = ("succeeded", "failed", "cancelled", "timeout")


def tell(api: Api) -> dict[str, str]:
    """Live through the loop once; the ids of what came of it."""
    sample = api("POST", "/sample")
    api.until(f"/training-sheets/{sample['training_sheet_id']}", ("ready",))
    _drafts(api, sample)
    _review(api, sample["training_sheet_id"])
    first = _train(api, sample["training_sheet_id"])
    api("POST", f"/training/jobs/{first['id']}/evaluate", {})
    _deploy(api, first)
    _ask(api)
    _refuse(api)
    feedback = _rate(api, sample["training_sheet_id"])
    gap, second = _improve(api)
    return {
        "sheet_id": sample["sheet_id"], "template_id": sample["template_id"],
        "training_sheet_id": sample["training_sheet_id"], "job_id": first["id"],
        "retrained_id": second["id"], "gap_id": gap["id"], "feedback_id": feedback["id"],
    }  # fmt: skip


def _drafts(api: Api, sample: Any) -> None:
    """Things that are not finished, or did not work."""
    api("POST", "/sheets", {"name": LONG_NAME, "source_table": sample["table"]})
    broken = {"name": "Rooms per guest", "label_type": "ratio",
              "user_prompt": "{{ 1 / (message | length - message | length) }}"}  # fmt: skip
    template = api("POST", "/templates", broken)
    api("POST", f"/templates/{template['id']}/publish")
    api("POST", "/templates", {
        "name": LONG_NAME, "label_type": "topic", "system_prompt": "You sort messages.",
        "user_prompt": "{% if channel == 'chat' %}Chat{% else %}Mail{% endif %}: {{ message }}",
    })  # fmt: skip
    plan = {
        "name": "Ratios",
        "template_id": template["id"],
        "column_mapping": {"message": "message"},
    }
    sheet = api("POST", f"/sheets/{sample['sheet_id']}/assemble", plan)
    api.until(f"/training-sheets/{sheet['id']}", ("failed",))


def _review(api: Api, training_sheet_id: str) -> None:
    """Most are approved; some edited, rejected, flagged; a dozen left for the reader."""
    pairs = api("GET", f"/training-sheets/{training_sheet_id}/pairs", limit=1000)["items"]
    place = f"/training-sheets/{training_sheet_id}/review"

    def decide(action: str, some: list[Any], **more: str) -> None:
        api("POST", place, {"action": action, "pair_ids": [p["id"] for p in some], **more})

    decide("approve", pairs[20:])
    decide("edit", pairs[:2], response="praise", reason="A thank-you, not a question")
    decide("reject", pairs[2:5], reason="Not a message to the shop")
    decide("flag", pairs[5:8], reason="Two topics in one message")
    api("PUT", f"/pairs/{pairs[21]['id']}/usage", {
        "allowed_uses": ["validation"], "prohibited_uses": ["training"],
        "reason": "The customer withdrew consent",
    })  # fmt: skip


def _train(api: Api, training_sheet_id: str) -> Any:
    spec = {"training_sheet_id": training_sheet_id, "model_name": "pottery_topics"}
    job = api("POST", "/training/jobs", spec)
    return api.until(f"/training/jobs/{job['id']}", DONE, 180)


def _deploy(api: Api, job: Any) -> None:
    spec = {"name": ENDPOINT, "model_name": job["uc_model_name"],
            "model_version": job["uc_model_version"]}  # fmt: skip
    api("POST", "/deployment/endpoints", spec)
    api.until(f"/deployment/endpoints/{ENDPOINT}", ("ready", "failed"))


def _ask(api: Api) -> None:
    """Questions now, and those of the last hours as another system measured them."""
    for message in ("The glaze has a crack", "Where is my parcel?", "Thank you so much!"):
        api("POST", f"/deployment/endpoints/{ENDPOINT}/query",
            {"inputs": [{"message": message, "product": "vase"}]})  # fmt: skip
    began, latencies = datetime.now(UTC), cycle(LATENCIES)
    outside = [
        {"endpoint_name": ENDPOINT, "latency_ms": next(latencies) + n % 7,
         "at": (began - timedelta(minutes=3 * n)).isoformat(),
         **({"status_code": 503, "error_message": "The gateway did not answer"} if n % 13 == 5
            else {"status_code": 200})}
        for n in range(240)
    ]  # fmt: skip
    api("POST", "/monitoring/metrics/ingest/batch", {"metrics": outside})


def _refuse(api: Api) -> None:
    """A few refusals for the audit trail."""
    refused = (
        ("POST", "/sheets", {"name": "Nowhere", "source_table": "no.such.table"}),
        ("POST", f"/deployment/endpoints/{ENDPOINT}/query", {"inputs": [{"text": "?"}]}),
        ("POST", "/templates", {"name": "Open", "label_type": "x", "user_prompt": "{{ open"}),
    )
    for method, path, body in refused:
        try:
            api(method, path, body)
        except Refused:
            continue
        raise AssertionError(f"{method} {path} was not refused")


def _rate(api: Api, training_sheet_id: str) -> Any:
    ratings = (
        ("The handle came off on the first day", "praise", "down", "damaged_item"),
        ("My bowl arrived in pieces", "refund_request", "down", "damaged_item"),
        ("Lovely work, thank you", "praise", "up", None),
        ("Do you ship to islands?", "praise", "down", None),
    )
    made = [
        api("POST", "/feedback", {
            "endpoint_name": ENDPOINT, "input": {"message": message, "product": "bowl"},
            "output": output, "rating": rating, "correction": correction,
            "comment": "Seen at the desk" if correction else None,
        })
        for message, output, rating, correction in ratings
    ]  # fmt: skip
    api("POST", f"/feedback/{made[0]['id']}/to-training", {"training_sheet_id": training_sheet_id})
    return made[0]


def _improve(api: Api) -> tuple[Any, Any]:
    """Gaps, a task for one, a new version for the same, and back to the former version."""
    analysis = {"endpoint_name": ENDPOINT, "min_affected": 1, "min_rate": 0.05}
    gap = api("POST", "/gaps/analyze", analysis)["items"][0]
    api("POST", f"/gaps/{gap['id']}/task", {"title": "Collect more of these"})
    job = api("POST", f"/gaps/{gap['id']}/retrain", {})
    job = api.until(f"/training/jobs/{job['id']}", DONE, 180)
    place = f"/deployment/endpoints/{ENDPOINT}"
    api("PUT", place, {"model_version": job["uc_model_version"]})
    api.until(place, ("ready", "failed"))
    api("POST", f"{place}/rollback", {})
    api.until(place, ("ready", "failed"))
    return gap, job
