"""A view that nobody foresaw to fail."""

from ontos.kernel.caller import Caller


def draw(caller: Caller) -> None:
    raise ValueError(caller.user)
