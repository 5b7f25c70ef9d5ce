"""A woken thread works for every waking, together where they come together, until it is stopped."""

import threading
from collections.abc import Iterator

import pytest

from ontos.kernel.woken import Woken

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
