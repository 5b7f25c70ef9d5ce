"""What templates may ask of filters and methods: those listed, and of these only what ends soon."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.runtime import Undefined
from jinja2.utils import Namespace, pass_eval_context

MAX_TEXT = 1_000_000
"""Characters that one text may have."""
MAX_ITEMS = 1_000_000
"""Elements that one list may have."""
MAX_BITS = 4_096
"""Bits that one whole number may have."""
MAX_WIDTH = 10_000
"""Characters to which a value may be padded."""

ALLOWED_FILTERS = {name: FILTERS[name] for name in (
    "abs", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape",
    "filesizeformat", "first", "float", "forceescape", "format", "groupby", "indent",
    "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "random",
    "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr",
    "slice", "sort", "string", "striptags", "sum", "title", "tojson", "trim", "truncate",
    "unique", "upper", "urlencode", "wordcount", "wordwrap",
)}  # fmt: skip

_TEXT = frozenset({
    "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find",
    "format", "format_map", "index", "isalnum", "isalpha", "isascii", "isdecimal",
    "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "ljust",
    "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind",
    "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines",
    "startswith", "strip", "swapcase", "title", "upper", "zfill",
})  # fmt: skip
_MOMENT = frozenset({
    "astimezone", "ctime", "date", "isocalendar", "isoformat", "isoweekday", "replace",
    "strftime", "time", "timestamp", "timetz", "toordinal", "tzname", "utcoffset",
    "weekday",
})  # fmt: skip
_METHODS: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (str, _TEXT),
    (bytes, frozenset({"hex"})),
    ((datetime, date, time), _MOMENT),
    (timedelta, frozenset({"total_seconds"})),
    (dict, frozenset({"get", "items", "keys", "values"})),
    ((list, tuple, range), frozenset({"count", "index"})),
    (int, frozenset({"bit_length"})),
    (float, frozenset({"is_integer"})),
    (Decimal, frozenset({"is_nan", "normalize", "quantize", "to_integral_value"})),
)


def may_call(owner: Any, name: str) -> bool:
    """Whether templates may use this method of a value; none of them changes the value."""
    for kind, names in _METHODS:
        if isinstance(owner, kind):
            return name in names
    return isinstance(owner, Namespace) or _of_jinja(owner)


def _of_jinja(value: Any) -> bool:
    """A loop, a macro and the like: small, and more than what is written in them."""
    return type(value).__module__.startswith("jinja2.") and not isinstance(value, Undefined)


def refuse(what: str) -> None:
    raise SecurityError(what)


def fit(size: int) -> None:
    if size > MAX_TEXT:
        refuse("the joined text is too long")


def check_number(value: Any) -> None:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        refuse(f"a whole number has over {MAX_BITS:,} bits")


def check_width(written: str) -> None:
    """Of a format, such as `%-20s` or `>20`."""
    if any(len(found) > 9 or int(found) > MAX_WIDTH for found in re.findall(r"\d+", written)):
        refuse(f"a format is wider than {MAX_WIDTH:,}")


def check_percent(text: str, values: Any) -> None:
    """Of `text % values`; values by name may be shown more than once."""
    if re.search(r"%\([^)]*\(", text):
        refuse("a format has brackets in brackets")
    for written in re.findall(r"%(?:\([^)]*\))?([^a-zA-Z%]*)[a-zA-Z%]?", text):
        if "*" in written:
            refuse("a format takes its width from a value")
        check_width(written)
    if isinstance(values, Mapping):
        longest = max((len(str(value)) for value in values.values()), default=0)
        fit(len(text) + text.count("%(") * longest)


def check_replace(text: Any, old: Any, new: Any, *count: Any) -> None:
    """Of as many replacements as there would be."""
    text, old, new = str(text), str(old), str(new)
    fit(len(text) + text.count(old) * max(len(new) - len(old), 0))


def check_join(separator: Any, parts: Any) -> None:
    given = [len(part) if isinstance(part, str) else 1 for part in parts]
    fit(sum(given) + len(str(separator)) * len(given))


def _up_to(most: int) -> Callable[..., None]:
    def check(value: Any, *given: Any, **named: Any) -> None:
        for asked in (*given, *named.values()):
            if isinstance(asked, int) and abs(asked) > most:
                refuse(f"{asked if abs(asked) < MAX_TEXT**2 else 'a number'} is over {most:,}")

    return check


def _indent(text: Any, width: Any = 4, *given: Any, **named: Any) -> None:
    wide = len(width) if isinstance(width, str) else int(width)
    text = str(text)
    fit(len(text) + (len(text.splitlines()) + 1) * wide)


def _wordwrap(
    text: Any, width: int = 79, break_long_words: bool = True, wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> None:  # fmt: skip
    """A long word is cut again and again, each time as a whole."""
    text, pieces = str(text), len(str(text)) // max(width, 1)
    longest = max(map(len, text.split()), default=0)
    if pieces * longest > 100 * MAX_TEXT:
        refuse("a word is too long to be wrapped")
    fit(len(text) + (min(len(text), 2 * pieces) + text.count("\n")) * len(wrapstring or "\n"))


def _striptags(text: Any) -> None:
    """Each tag is taken out on its own."""
    text = str(text)
    if text.count("<") * len(text) > 1_000 * MAX_TEXT:
        refuse("the text has too many tags to be taken out")


@pass_eval_context
def _join(eval_ctx: EvalContext, parts: Any, d: str = "", attribute: Any = None) -> Any:
    """Jinja's own, of parts that are known before they are joined."""
    if attribute is not None:
        parts = [*map(make_attrgetter(eval_ctx.environment, attribute), parts)]
    check_join(d, parts)
    return FILTERS["join"](eval_ctx, parts, d)


def _short(text: Any, chars: Any = None) -> None:
    """Each character of the text is looked for among those to strip."""
    if chars is not None and len(chars) > 1_000:
        refuse("too many characters are to be stripped")


def _sum(values: Any, attribute: Any = None, start: Any = 0) -> None:
    if not isinstance(start, int | float | Decimal):
        refuse("only numbers may be summed")


def _format(text: Any, *values: Any, **named: Any) -> None:
    check_percent(str(text), named or values)


def _expandtabs(text: str, tabsize: int = 8) -> None:
    fit(len(text) + text.count("\t") * tabsize)


def _strftime(moment: Any, written: Any) -> None:
    check_width(str(written))


FILTER_CHECKS: Mapping[str, Callable[..., None]] = {
    "batch": _up_to(MAX_WIDTH),
    "center": _up_to(MAX_WIDTH),
    "format": _format,
    "indent": _indent,
    "replace": check_replace,
    "round": _up_to(100),
    "slice": _up_to(MAX_WIDTH),
    "striptags": _striptags,
    "sum": _sum,
    "tojson": _up_to(16),
    "trim": _short,
    "truncate": _up_to(MAX_TEXT),
    "wordwrap": _wordwrap,
}
METHOD_CHECKS: Mapping[str, Callable[..., None]] = {
    "center": _up_to(MAX_WIDTH),
    "expandtabs": _expandtabs,
    "join": check_join,
    "ljust": _up_to(MAX_WIDTH),
    "lstrip": _short,
    "rjust": _up_to(MAX_WIDTH),
    "rstrip": _short,
    "strftime": _strftime,
    "strip": _short,
    "zfill": _up_to(MAX_WIDTH),
}


ALLOWED_FILTERS["join"] = _join


def check_method(owner: Any, name: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """Before a method of a value is called."""
    if name == "replace" and isinstance(owner, str):
        check_replace(owner, *given)
    elif check := METHOD_CHECKS.get(name):
        check(owner, *given, **named)


_LIGHT = frozenset({int, float, bool, type(None)})


def weight(value: Any, most: int) -> int:
    """What it costs to look at all of a value: 20 for an element, 1 for ten characters.

    A list that holds another one twice is as heavy as it looks when it is written out.
    """
    total, waiting = 1, [value]
    while waiting:
        one = waiting.pop()
        if type(one) in _LIGHT:
            continue
        if isinstance(one, str | bytes):
            total += len(one) // 10
        elif isinstance(one, dict):
            total += 40 * len(one)
            waiting += [*one, *one.values()] if total <= most else []
        elif isinstance(one, list | tuple | set | frozenset):
            total += 20 * len(one)
            waiting += one if total <= most else []
        elif isinstance(one, Namespace):
            total += 20
            waiting += object.__getattribute__(one, "_Namespace__attrs").values()
        elif _of_jinja(one):
            refuse("a loop or a macro is put into a list")
        if total > most:
            refuse("its values are too large, or used too often")
    return total


def plain(value: Any) -> Any:
    """For JSON, what is neither text nor a whole number nor a list of them."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Undefined):
        str(value)  # raises where a variable is missing
        return None
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
