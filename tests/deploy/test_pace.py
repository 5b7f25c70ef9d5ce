from concurrent.futures import ThreadPoolExecutor

from ontos.deploy.pace import MANY, Pace


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_so_many_calls_a_minute_and_no_more():
    clock = Clock()
    pace = Pace(clock)
    assert [pace.take("ann", 2) for _ in range(2)] == [0, 0]
    clock.now += 20
    assert pace.take("ann", 2) == 40
    clock.now += 40
    assert [pace.take("ann", 2) for _ in range(3)] == [0, 0, 60]


def test_askers_are_counted_apart():
    pace = Pace(Clock())
    assert pace.take("ann", 1) == pace.take("bob", 1) == 0
    assert pace.take("ann", 1) > 0


def test_a_lower_limit_counts_what_was_asked_before():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(4):
        pace.take("ann", 4)
        clock.now += 10
    assert pace.take("ann", 2) == 40


def test_who_asks_at_once_does_not_slip_through():
    pace = Pace(Clock())
    with ThreadPoolExecutor(16) as threads:
        waits = list(threads.map(lambda _: pace.take("ann", 10), range(200)))
    assert waits.count(0.0) == 10


def test_who_has_fallen_silent_is_forgotten():
    clock = Clock()
    pace = Pace(clock)
    for asker in range(MANY + 1):
        pace.take(asker, 1)
    clock.now += 61
    pace.take("ann", 1)
    assert len(pace._moments) == 1
