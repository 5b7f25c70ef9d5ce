"""Moments on the clock of the person's browser."""

from datetime import UTC, date, datetime

import pytest

from pages.clock import begin_of, known, local

EVENING = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Europe/Berlin", datetime(2026, 11, 29, 0, 30)),
        ("America/New_York", datetime(2026, 11, 28, 18, 30)),
        (None, datetime(2026, 11, 28, 23, 30)),
        ("Nowhere/Land", datetime(2026, 11, 28, 23, 30)),
        ("../etc", datetime(2026, 11, 28, 23, 30)),
    ],
)
def test_a_moment_is_shown_on_the_browsers_clock(said: str | None, shown: datetime) -> None:
    assert local(EVENING, known(said)) == shown


def test_a_moment_without_a_zone_is_utc() -> None:
    there = known("Asia/Tokyo")
    assert local(EVENING.replace(tzinfo=None), there) == datetime(2026, 11, 29, 8, 30)


def test_a_day_begins_at_midnight_of_the_persons_clock() -> None:
    began = begin_of(date(2026, 7, 1), known("Europe/Berlin"))
    assert began == datetime(2026, 6, 30, 22, tzinfo=UTC) and began.tzinfo is UTC
