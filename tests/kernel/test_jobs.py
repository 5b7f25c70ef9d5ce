"""Jobs run, report, fail with a reason, are cancelled, and are settled after a restart."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.govern.members import MemberSpec, grant_role, revoke_role
from ontos.govern.projects import ProjectSpec, create_project
from ontos.kernel import jobs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Refused, Unavailable
from ontos.kernel.jobs import KINDS, Job, Run, enqueue, job, latest, request_cancel
from ontos.kernel.pool import Pool
from ontos.kernel.settings import Settings
from ontos.warehouse import Row, Value, Warehouse
from ontos.workspace import Person
from tests.wire.place import WIRED

ENDLESS = (
    " JOIN ".join(f"(SELECT explode(sequence(1, 300000)) AS {x}) AS {x}s" for x in ("n", "m"))
    + " ON n * m % 7 = 3"
)
"""Minutes of work in one statement."""

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

    @job("t_where", title="Where", resumable=True, ended=note)
    def where(run: Run) -> str:
        caller = run.caller
        return f"{caller.user} in {caller.project} as {', '.join(sorted(caller.roles))}"

    @job("t_bad", title="Bad", resumable=False, ended=note)
    def bad(run: Run) -> str:
        raise Refused("the reason")

    @job("t_long", title="Long", resumable=False, ended=note)
    def long(run: Run) -> str:
        while not release.wait(0.02):
            run.check()
        return "released"

    @job("t_reads", title="Reads", resumable=True, ended=note)
    def reads(run: Run) -> str:
        return str(run.caller.warehouse.rows(f"SELECT count(*) AS n FROM {ENDLESS}"))

    @job("t_writes", title="Writes", resumable=True, ended=note)
    def writes(run: Run) -> str:
        store = run.caller.warehouse
        with store.transaction() as inside:
            return str(inside.execute(f"INSERT INTO numbers SELECT n FROM {ENDLESS}"))

    yield release
    release.set()
    for name in ("t_good", "t_where", "t_bad", "t_long", "t_reads", "t_writes"):
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


def running(caller: Caller, thing: str) -> None:
    """Wait until the thing's job is in the middle of its work."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = latest(caller, ("thing", thing))
        if found and found.status == "running":
            time.sleep(0.3)
            return
        time.sleep(0.02)
    raise AssertionError(f"the job of {thing} did not begin")


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


@pytest.mark.endless
@pytest.mark.parametrize("kind", ["t_reads", "t_writes"])
def test_cancelling_stops_the_statement_that_runs(caller: Caller, kind: str) -> None:
    """Within seconds, and at the warehouse: what it had written is not there."""
    caller.warehouse.execute("CREATE TABLE numbers (n BIGINT)")
    start(caller, kind, "four")
    running(caller, "four")
    began = time.monotonic()
    assert request_cancel(caller, ("thing", "four")) == 1
    done = ended(caller, "four")
    assert time.monotonic() - began < (4.0 if WIRED else 2.0)  # a warehouse names it after a while
    assert (done.status, done.error) == ("cancelled", None)
    assert "was cancelled" in (done.message or "")
    assert [(kind, "cancelled")] == ENDED
    assert caller.warehouse.rows("SELECT count(*) AS n FROM numbers") == [{"n": 0}]


@pytest.mark.endless
def test_a_job_of_another_process_is_stopped_by_its_own(caller: Caller) -> None:
    """Which learns of the wish at its next look for work."""
    start(caller, "t_reads", "five")
    running(caller, "five")
    caller.warehouse.execute("UPDATE jobs SET cancel_requested = true")
    caller.pulse.beat("test")
    assert ended(caller, "five").status == "cancelled"


@pytest.mark.endless
def test_a_job_that_a_closing_process_cuts_off_is_not_called_cancelled(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    first = open_workbench(settings)
    first.start()
    start(first.local_caller(), "t_reads", "six")
    running(first.local_caller(), "six")
    first.close()
    second = open_workbench(settings)
    try:
        found = latest(second.local_caller(), ("thing", "six"))
        assert found is not None and found.status == "running"
        assert ENDED == []
    finally:
        second.close()


def test_more_jobs_than_workers_all_end(caller: Caller) -> None:
    for n in range(12):
        start(caller, "t_good", f"n{n}")
    assert {ended(caller, f"n{n}").status for n in range(12)} == {"succeeded"}


class Broken:
    """A store whose link breaks whenever a job is claimed, as often as is said."""

    def __init__(self, store: Warehouse, times: int) -> None:
        self._store, self.left = store, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def script(self, *statements: str, **values: Value) -> list[Row]:
        if self.left:
            self.left -= 1
            raise Unavailable("The link to the warehouse broke.")
        return self._store.script(*statements, **values)


def test_a_claim_that_fails_keeps_no_worker(own_home: Path) -> None:
    """However often: what is queued runs once the warehouse answers again."""
    bench = open_workbench(Settings(home=own_home, log_level="ERROR"))
    caller = bench.local_caller()
    broken = Broken(bench.store(caller.org), times=3)
    pool = Pool(lambda: [caller.tenant], bench.directory.of_job, lambda _: broken, workers=1)
    enqueue(caller, "t_good", ("thing", "one"), "One", what="one")
    pool.start()
    try:
        until = time.monotonic() + 10
        while broken.left and time.monotonic() < until:
            pool.wake("test", caller.tenant)
            time.sleep(0.02)
        pool.wake("test", caller.tenant)
        assert (ended(caller, "one").status, broken.left) == ("succeeded", 0)
    finally:
        pool.stop()
        bench.close()


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


@pytest.fixture
def member(bench: Workbench, caller: Caller) -> Caller:
    """Somebody with a role in one project, and in nothing else."""
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    spec = MemberSpec(principal="ann@example.org", role="data_producer", project="alpha")
    grant_role(caller, spec)
    return bench.directory.of_person(Person("ann@example.org"), project="alpha")


def test_a_projects_job_runs_as_its_user_in_the_project(caller: Caller, member: Caller) -> None:
    start(member, "t_where", "one")
    done = ended(member, "one")
    assert (done.status, done.message) == (
        "succeeded", "ann@example.org in alpha as data_producer",
    )  # fmt: skip
    assert latest(caller, ("thing", "one")) is None


def test_a_groups_rights_hold_in_its_members_jobs(bench: Workbench, caller: Caller) -> None:
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    spec = MemberSpec(kind="group", principal="triage", role="labeler", project="alpha")
    grant_role(caller, spec)
    person = Person("ben@example.org", frozenset({"triage"}))
    member = bench.directory.of_person(person, project="alpha")
    start(member, "t_where", "two")
    assert ended(member, "two").message == "ben@example.org in alpha as labeler"


def test_a_job_whose_user_lost_the_role_fails_with_that_reason(
    tmp_path: Path, kinds: threading.Event
) -> None:
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    bench = open_workbench(settings)
    admin = bench.local_caller()
    create_project(admin, ProjectSpec(id="alpha", title="Alpha"))
    role = MemberSpec(principal="ann@example.org", role="labeler", project="alpha")
    grant_role(admin, role)
    ann = bench.directory.of_person(Person("ann@example.org"), project="alpha")
    enqueue(ann, "t_good", ("thing", "late"), "Late", what="late")
    revoke_role(admin, "ann@example.org", "labeler", project="alpha")
    bench.start()
    try:
        failed = ended(ann, "late")
        assert failed.status == "failed" and "has no role here any more" in (failed.error or "")
        assert ENDED == [("t_good", "failed")]
    finally:
        bench.close()


def test_more_jobs_than_workers_all_end_in_every_project(
    bench: Workbench, caller: Caller, member: Caller
) -> None:
    create_project(caller, ProjectSpec(id="beta", title="Beta"))
    places = [caller, member, bench.local_caller(project="beta")]
    for n in range(6):
        for place in places:
            start(place, "t_good", f"n{n}")
    assert {ended(p, f"n{n}").status for n in range(6) for p in places} == {"succeeded"}
