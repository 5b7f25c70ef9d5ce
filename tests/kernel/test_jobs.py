"""Jobs run, report, fail with a reason, are cancelled, and are settled after a restart."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.kernel import jobs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Refused
from ontos.kernel.jobs import KINDS, Job, Run, enqueue, job, latest, request_cancel
from ontos.kernel.settings import Settings

ENDED: list[tuple[str, str]] = []


@pytest.fixture(autouse=True)
def kinds() -> Iterator[threading.Event]:
    """Kinds of job that only tests know."""
    ENDED.clear()
    release = threading.Event()

    def note(_caller: Caller, ended: Job, outcome: str, _reason: str) -> None:
        ENDED.append((ended.kind, outcome))

    @job("t_good", title="Good", resumable=True, ended=note)
    def good(run: Run) -> str:
        return f"did {run.arguments['what']}"

    @job("t_bad", title="Bad", resumable=False, ended=note)
    def bad(run: Run) -> str:
        raise Refused("the reason")

    @job("t_long", title="Long", resumable=False, ended=note)
    def long(run: Run) -> str:
        while not release.wait(0.02):
            run.check()
        return "released"

    yield release
    release.set()
    for name in ("t_good", "t_bad", "t_long"):
        KINDS.pop(name)


def ended(caller: Caller, thing: str, seconds: float = 10) -> Job:
    """The thing's job, once it has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = latest(caller, ("thing", thing))
        if found and found.finished_at:
            return found
        time.sleep(0.02)
    raise AssertionError(f"the job of {thing} did not end")


def start(caller: Caller, kind: str, thing: str) -> None:
    enqueue(caller, kind, ("thing", thing), KINDS[kind].title, what=thing)
    caller.pulse.beat("test")


def test_a_job_ends_with_its_message(caller: Caller) -> None:
    start(caller, "t_good", "one")
    done = ended(caller, "one")
    assert (done.status, done.message, done.progress) == ("succeeded", "did one", 100.0)


def test_a_failure_keeps_its_reason_and_settles_the_entity(caller: Caller) -> None:
    start(caller, "t_bad", "two")
    failed = ended(caller, "two")
    assert (failed.status, failed.error) == ("failed", "the reason")
    assert ENDED == [("t_bad", "failed")]


def test_a_job_can_be_cancelled(caller: Caller) -> None:
    start(caller, "t_long", "three")
    assert request_cancel(caller, ("thing", "three")) == 1
    assert ended(caller, "three").status == "cancelled"
    assert ENDED == [("t_long", "cancelled")]


def test_more_jobs_than_workers_all_end(caller: Caller) -> None:
    for n in range(12):
        start(caller, "t_good", f"n{n}")
    assert {ended(caller, f"n{n}").status for n in range(12)} == {"succeeded"}


@pytest.mark.parametrize(("kind", "after"), [("t_good", "succeeded"), ("t_bad", "failed")])
def test_a_restart_resumes_or_fails_what_ran(tmp_path: Path, kind: str, after: str) -> None:
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    first = open_workbench(settings)
    caller = first.local_caller()
    enqueue(caller, kind, ("thing", "lost"), "Lost", what="lost")
    caller.warehouse.execute("UPDATE jobs SET status = 'running', owner = 'gone', attempts = 1")
    first.close()
    second: Workbench = open_workbench(settings)
    second.start()
    try:
        found = ended(second.local_caller(), "lost")
        assert found.status == after
        assert after == "succeeded" or "stopped while this ran" in (found.error or "")
    finally:
        second.close()


def test_progress_is_written_and_read(caller: Caller, kinds: threading.Event) -> None:
    start(caller, "t_long", "bar")
    found = latest(caller, ("thing", "bar"))
    assert found is not None
    run = Run(caller, jobs.get(caller, found.id), {})
    run.report(42, "half way")
    seen = jobs.get(caller, found.id)
    assert (seen.progress, seen.message) == (42.0, "half way")
    kinds.set()
    assert ended(caller, "bar").message == "released"
