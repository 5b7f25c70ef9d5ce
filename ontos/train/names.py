"""Names of models and endpoints: what they may hold, and the nearest that would do."""

import re
import unicodedata


def nearest(text: str, longest: int, joint: str = "_") -> str:
    """What a person meant as a name: other characters become `joint`; empty where none is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_-]+", joint, plain).strip("_-")[:longest].rstrip("_-")


def require_name(text: str, noun: str, longest: int, joint: str = "_") -> str:
    """The name as it is; raises ValueError that says what would do where it cannot be one."""
    if re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{longest - 1}}}", text):
        return text
    instead = nearest(text, longest, joint)
    raise ValueError(
        f"cannot name {noun}: use letters, digits, - and _, at most {longest}, "
        "a letter or digit first" + (f"; {instead} would do" if instead else "")
    )
