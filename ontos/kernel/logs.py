"""Structured logs: one JSON object a line on stdout, with the correlation id."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from ontos.kernel.correlation import correlation

log = logging.getLogger("ontos")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            "correlation_id": correlation(),
        } | getattr(record, "more", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Stream(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stdout` or `sys.stderr` is at that time."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        logging.Handler.__init__(self)
        self._name_in_sys = name

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        found: TextIO = getattr(sys, self._name_in_sys)
        return found


def configure(level: str, to: Literal["stdout", "stderr"] = "stdout") -> None:
    """Send the workbench's own logger to stdout; where it goes is decided by the first call."""
    if not log.handlers:
        handler = Stream(to)
        handler.setFormatter(JsonLines())
        log.addHandler(handler)
        log.propagate = False
    log.setLevel(level)


def info(message: str, **more: Any) -> None:
    log.info(message, extra={"more": more})


def warning(message: str, **more: Any) -> None:
    log.warning(message, extra={"more": more})


def failure(message: str, **more: Any) -> None:
    """With the traceback of the exception that is being handled."""
    log.error(message, exc_info=True, extra={"more": more})
