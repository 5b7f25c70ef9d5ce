"""The app is killed with SIGKILL while it works, and started again over the same home.

Nothing acknowledged is lost, nothing is done twice, and nothing is left as if it still went on.
"""

import io
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ontos.bootstrap import open_workbench
from ontos.kernel.errors import Unavailable
from ontos.kernel.settings import Settings
from tests.serving import Api, App, Refused, kill_training, served
from tests.train.sentences import MESSAGES

pytestmark = pytest.mark.faults

MANY = 60_000
REVIEWERS = 3
JINJA_ONLY = "{% if text %}{{ text | title }}{% endif %}: {{ label | wordcount }}?"
"""Rendered item by item, which takes long enough to be interrupted."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app for all of these; each test kills it and starts it again."""
    with served(tmp_path_factory.mktemp("killed") / "home") as app:
        yield app


def again(app: App) -> None:
    app.kill()
    app.start()


def table(api: Api, name: str, rows: int) -> str:
    """Upload messages with labels, repeated with a number up to `rows`; the table's name."""
    pairs = [(text, label) for label, texts in MESSAGES.items() for text in texts]
    columns = {
        "id": [f"m{n:06d}" for n in range(rows)],
        "text": [f"{pairs[n % len(pairs)][0]} {n // len(pairs)}" for n in range(rows)],
        "label": [pairs[n % len(pairs)][1] for n in range(rows)],
    }
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    kind = "application/vnd.apache.parquet"
    return str(api.upload(name, file.getvalue(), kind)["table"])


def assembling(api: Api, name: str, rows: int, prompt: str) -> Any:
    """A sheet over a new table, put through a new template: the training sheet as it begins."""
    spec = {"name": name, "source_table": table(api, name, rows), "item_id_column": "id"}
    sheet = api("POST", "/sheets", spec)
    api("POST", f"/sheets/{sheet['id']}/publish")
    spec = {"name": name, "label_type": "topic", "user_prompt": prompt}
    template = api("POST", "/templates", spec)
    api("POST", f"/templates/{template['id']}/publish")
    plan = {"name": name, "template_id": template["id"], "response_column": "label",
            "column_mapping": {name: name for name in template["placeholders"]}}  # fmt: skip
    return api("POST", f"/sheets/{sheet['id']}/assemble", plan)


def ready(api: Api, name: str, rows: int) -> Any:
    begun = assembling(api, name, rows, "About {{ text }}")
    return api.until(f"/training-sheets/{begun['id']}", ("ready",))


class Reviewers:
    """People who decide on pair after pair; `acknowledged` is what the app said it has."""

    def __init__(self, app: App, training_sheet_id: str) -> None:
        self._app, self._sheet = app, training_sheet_id
        self._pairs = iter(list(app.api.every(f"/training-sheets/{training_sheet_id}/pairs")))
        self._guard = threading.Lock()
        self.acknowledged: dict[str, str] = {}
        self._threads = [threading.Thread(target=self._review) for _ in range(REVIEWERS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _review(self) -> None:
        api = Api(self._app.url)
        try:
            while pair := self._next():
                self._decide(api, pair)
        except httpx.TransportError:
            pass  # the app was killed: what it did not acknowledge may be there or not
        finally:
            api.close()

    def _decide(self, api: Api, pair: Any) -> None:
        edited = f"by hand {pair['item_ref']}"
        review = (
            {"action": "edit", "response": edited}
            if int(pair["item_ref"][1:]) % 3 == 0
            else {"action": "approve"}
        )
        done = api("POST", f"/training-sheets/{self._sheet}/review",
                   review | {"pair_ids": [pair["id"]]})  # fmt: skip
        assert done["changed"] == 1
        self.acknowledged[pair["id"]] = review.get("response", pair["response"])

    def _next(self) -> Any:
        with self._guard:
            return next(self._pairs, None)


def test_acknowledged_reviews_survive(app: App) -> None:
    sheet = ready(app.api, "reviewed", 1_000)
    reviewers = Reviewers(app, sheet["id"])
    until(lambda: len(reviewers.acknowledged) >= 60)
    app.kill()
    reviewers.join()
    app.start()

    decided = {pair["id"]: pair for pair in app.api.every(f"/training-sheets/{sheet['id']}/pairs")
               if pair["review_status"] != "pending"}  # fmt: skip
    labels = {label["id"]: label["response"]
              for label in app.api.every("/labels", sheet_id=sheet["sheet_id"])}  # fmt: skip
    told = reviewers.acknowledged
    assert {key: decided[key]["response"] for key in told} == told
    # One that was under way may have been written, but not by half.
    assert len(told) <= len(decided) <= len(told) + REVIEWERS
    assert {p["canonical_label_id"]: p["response"] for p in decided.values()} == labels
    trail = app.api.every("/audit", operation="review_pairs", outcome="done")
    assert sum(1 for _ in trail) == len(decided)


def test_assembly_is_finished_and_no_pair_is_made_twice(app: App) -> None:
    begun = assembling(app.api, "assembled", MANY, JINJA_ONLY)
    place = f"/training-sheets/{begun['id']}"
    until(lambda: app.api("GET", f"{place}/job")["progress"] > 10)
    assert app.api("GET", place)["status"] == "assembling"
    again(app)

    sheet = app.api.until(place, ("ready", "failed"))
    assert (sheet["status"], sheet["error_message"]) == ("ready", None)
    assert sheet["total_items"] == sheet["pending_count"] == MANY
    assert app.api.until(f"{place}/job", ("succeeded", "failed"))["attempts"] == 2


def test_training_goes_on_without_the_app_and_is_registered_once(app: App) -> None:
    job = in_training(app, "watched")
    app.kill()  # the training is a process of its own
    app.start()

    job = app.api.until(f"/training/jobs/{job['id']}", ENDED)
    assert (job["status"], job["error_message"]) == ("succeeded", None)
    assert versions(app, "watched") == [job["uc_model_version"]]
    assert app.api("GET", f"/training/jobs/{job['id']}/metrics")["val_accuracy"] > 0


def test_training_that_was_killed_too_fails_with_a_reason(app: App) -> None:
    job = in_training(app, "killed")
    app.kill()
    (folder,) = app.home.glob(f"**/runs/{job['id']}")
    assert kill_training(folder)
    app.start()

    job = app.api.until(f"/training/jobs/{job['id']}", ENDED)
    assert job["status"] == "failed" and "stopped before it finished" in job["error_message"]
    assert versions(app, "killed") == []


def test_a_second_process_is_told_that_the_store_is_in_use(app: App) -> None:
    with pytest.raises(Unavailable, match="in use by another process"):
        open_workbench(Settings(home=app.home, log_level="ERROR"))


ENDED = ("succeeded", "failed", "cancelled", "timeout")


def in_training(app: App, name: str) -> Any:
    """A training job whose process has begun its work."""
    sheet = ready(app.api, name, 300)
    review = {"action": "approve", "where": {"review_status": "pending"}}
    app.api("POST", f"/training-sheets/{sheet['id']}/review", review)
    job = app.api("POST", "/training/jobs", {"training_sheet_id": sheet["id"], "model_name": name})
    until(lambda: app.api("GET", f"/training/jobs/{job['id']}")["progress_percent"] > 0)
    return job


def versions(app: App, model: str) -> list[str]:
    try:
        found = app.api("GET", f"/models/{model}/versions")["items"]
    except Refused as refused:
        assert refused.status == 404
        return []
    return [version["version"] for version in found]


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
