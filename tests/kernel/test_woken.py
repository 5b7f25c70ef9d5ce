"""A woken thread works for every waking, together where they come together, until it is stopped.
Only tenants that were written to are looked at."""

import threading
from collections.abc import Iterator

import pytest

from ontos.kernel.errors import Unavailable
from ontos.kernel.tenancy import Tenant
from ontos.kernel.woken import Due, Woken

SECONDS = 5.0


class Work:
    """Counts the calls; each waits until it is let go."""

    def __init__(self) -> None:
        self.calls = 0
        self.began, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self) -> None:
        self.calls += 1
        self.began.release()
        self.go_on.acquire(timeout=SECONDS)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def woken(work: Work) -> Iterator[Woken]:
    thread = Woken("test", work)
    yield thread
    work.go_on.release(9)
    thread.stop()


def test_it_works_when_it_starts(woken: Woken, work: Work) -> None:
    assert work.calls == 0
    woken.start()
    assert work.began.acquire(timeout=SECONDS)


def test_wakings_while_it_works_are_one_more_call(woken: Woken, work: Work) -> None:
    woken.start()
    assert work.began.acquire(timeout=SECONDS)
    woken.wake()
    woken.wake()
    work.go_on.release(9)
    assert work.began.acquire(timeout=SECONDS)
    woken.stop()
    assert work.calls == 2


def test_it_works_no_more_once_stopped(woken: Woken, work: Work) -> None:
    work.go_on.release(9)
    woken.start()
    assert work.began.acquire(timeout=SECONDS)
    woken.stop()
    woken.wake()
    assert work.calls == 1


def test_one_that_never_started_can_be_stopped(woken: Woken) -> None:
    woken.stop()


ONE, TWO = Tenant("north"), Tenant("north", "alpha")


class Looks:
    """Notes where it looked; says `done`, or fails."""

    def __init__(self) -> None:
        self.at: list[Tenant] = []
        self.done, self.failing = True, False

    def __call__(self, tenant: Tenant) -> bool:
        self.at.append(tenant)
        if self.failing:
            raise Unavailable("The warehouse does not answer. Try again.")
        return self.done

    def taken(self) -> list[Tenant]:
        found, self.at = sorted(self.at, key=lambda tenant: tenant.name), []
        return found


@pytest.fixture
def looks() -> Looks:
    return Looks()


def test_at_first_every_tenant_is_looked_at_then_those_that_were_written_to(looks: Looks) -> None:
    due = Due(lambda: [ONE, TWO])
    due.look(looks, "failed")
    assert looks.taken() == [ONE, TWO]
    due.look(looks, "failed")
    assert looks.taken() == []
    due.add(TWO)
    due.look(looks, "failed")
    assert looks.taken() == [TWO]
    due.add(None)
    due.look(looks, "failed")
    assert looks.taken() == [ONE, TWO]


@pytest.mark.parametrize("failing", [True, False])
def test_what_is_not_done_stays_due(looks: Looks, failing: bool) -> None:
    due = Due(lambda: [ONE])
    looks.done, looks.failing = False, failing
    due.look(looks, "failed")
    looks.done, looks.failing = True, False
    due.look(looks, "failed")
    due.look(looks, "failed")
    assert looks.taken() == [ONE, ONE]


def test_an_unreadable_list_of_tenants_is_read_again(looks: Looks) -> None:
    there = False

    def everywhere() -> list[Tenant]:
        if not there:
            raise Unavailable("The warehouse does not answer. Try again.")
        return [ONE]

    due = Due(everywhere)
    due.look(looks, "failed")
    there = True
    due.look(looks, "failed")
    assert looks.taken() == [ONE]
