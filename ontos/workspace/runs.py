"""What the training script leaves in its folder, read the same way wherever it ran."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ontos.workspace.protocols import Run, RunStatus

Event = Mapping[str, Any]
_ENDS: dict[str, RunStatus] = {"failed": "failed", "cancelled": "cancelled"}


def events(folder: Path) -> tuple[Event, ...]:
    """The events so far; a last line that is still being written is left for the next look."""
    try:
        text = (folder / "events.jsonl").read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    return parsed(text)


def parsed(text: str) -> tuple[Event, ...]:
    found = (_object(line) for line in text.split("\n") if line.strip())
    return tuple(event for event in found if event is not None)


def json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where it is missing or unfinished."""
    try:
        return _object(path.read_text("utf-8", errors="replace"))
    except FileNotFoundError:
        return None


def running(seen: Sequence[Event]) -> Run:
    return Run("running", _progress(seen), _message(seen), tuple(seen))


def finished(result: Mapping[str, Any], seen: Sequence[Event]) -> Run:
    """The end as the script tells it: succeeded, unless it says `failed` or `cancelled`."""
    status = _ENDS.get(str(result.get("status")), "succeeded")
    said = result.get("error") or result.get("message")
    return Run(status, _progress(seen), str(said) if said else _message(seen), tuple(seen), result)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _progress(seen: Sequence[Event]) -> float:
    said = [event["progress"] for event in seen if isinstance(event.get("progress"), (int, float))]
    return float(said[-1]) if said else 0.0


def _message(seen: Sequence[Event]) -> str | None:
    said = [event["message"] for event in seen if event.get("message")]
    return str(said[-1]) if said else None
