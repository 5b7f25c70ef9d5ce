"""Moments as the person's own clock shows them: the store keeps UTC, the browser says its zone."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

SECONDS = "YYYY-MM-DD HH:mm:ss"
"""The format of the moments in a table's column."""


def zone() -> ZoneInfo:
    """The browser's."""
    return known(st.context.timezone)


def known(name: str | None) -> ZoneInfo:
    """The zone of that name; UTC where there is none, or none that this machine knows."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local(at: datetime, where: ZoneInfo | None = None) -> datetime:
    """The moment on that clock, without its zone: charts draw it as it stands."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(where or zone()).replace(tzinfo=None)


def begin_of(day: date, where: ZoneInfo | None = None) -> datetime:
    """The moment at which the day begins on that clock."""
    return datetime.combine(day, time.min, where or zone()).astimezone(UTC)


def when(at: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """`2026-11-28 13:45`."""
    return f"{local(at):{form}}"


def day(at: datetime) -> str:
    """`2026-11-28`."""
    return when(at, "%Y-%m-%d")


def moment(title: str, form: str = SECONDS) -> Any:
    """A column of moments."""
    return st.column_config.DatetimeColumn(title, format=form, timezone=zone().key)
