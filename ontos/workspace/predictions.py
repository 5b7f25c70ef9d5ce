"""What goes into a served model, and what comes out: the same rules wherever it is served."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ontos.kernel.errors import Invalid, Unavailable


def table(inputs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[str]]:
    """One column of text per variable; refuses missing and unknown variables by name.

    Without `names` (a model that does not say what it wants) the first input names them.
    """
    if not inputs:
        raise Invalid("There is nothing to predict: give at least one input.", field="inputs")
    wanted = tuple(names) or tuple(inputs[0])
    for at, given in enumerate(inputs):
        _same_names(at, given, wanted)
    return {name: [_text(given[name], name) for given in inputs] for name in wanted}


def _same_names(at: int, given: Mapping[str, Any], wanted: Sequence[str]) -> None:
    if given.keys() == set(wanted):
        return
    missing = [name for name in wanted if name not in given]
    unknown = [str(name)[:60] for name in given if name not in wanted][:20]
    faults = [f"misses {', '.join(missing)}"] if missing else []
    faults += [f"has unknown {', '.join(unknown)}"] if unknown else []
    raise Invalid(
        f"Input {at} {' and '.join(faults)}. The model wants exactly: {', '.join(wanted)}.",
        field="inputs",
        missing=missing,
        unknown=unknown,
    )


def _text(value: Any, name: str) -> str:
    """Templates are filled with text, so models are asked with text; nothing is the empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return str(value)
    raise Invalid(
        f"The variable {name} holds a {type(value).__name__}; give text or a number.",
        field="inputs",
    )


def plain(answers: Any, count: int) -> list[Any]:
    """Predictions as plain Python values, one per input."""
    if hasattr(answers, "to_dict") and hasattr(answers, "columns"):
        answers = answers.to_dict("records")
    values = answers.tolist() if hasattr(answers, "tolist") else list(answers)
    if len(values) != count:
        raise Unavailable(
            f"The model gave {len(values)} answers to {count} inputs. Train and deploy it again."
        )
    return [_json_able(value) for value in values]


def _json_able(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json_able(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_able(each) for each in value]
    if hasattr(value, "tolist"):
        return _json_able(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
