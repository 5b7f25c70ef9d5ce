"""Words of people inside Markdown, and sizes in words."""

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!$:<>|~&])")


def escaped(text: str) -> str:
    """The text as it is, whatever Markdown would make of it."""
    return _MARKUP.sub(r"\\\1", text)


def short(table: str) -> str:
    """The last part of a three-level name."""
    return table.rsplit(".", 1)[-1].strip("`")


def size(count: int) -> str:
    """Bytes in the unit that reads best."""
    for unit in ("bytes", "KB", "MB"):
        if count < 1024:
            return f"{count:,.0f} {unit}"
        count = -(-count // 1024)
    return f"{count:,.0f} GB"
