"""What is read of an answer, a few bytes at a time, comes out of memory."""

from collections.abc import Callable
from typing import Protocol

AHEAD_BYTES = 65_536


class Transport(Protocol):
    """Thrift's, over HTTP: `flush` sends a request, and what is read then is its answer's."""

    read: Callable[[int], bytes]
    readAll: Callable[[int], bytes]
    flush: Callable[[], None]


class Ahead:
    """Reads ahead within one answer; nothing of it is left for the next one.

    The connector asks for each field of an answer by itself, some hundred times for a table of a
    few columns, and asks urllib3 each time: that is more than half of what a statement costs this
    process.
    """

    def __init__(self, transport: Transport) -> None:
        self._read, self._send = transport.read, transport.flush
        self._held, self._at = b"", 0

    def flush(self) -> None:
        self._held, self._at = b"", 0
        self._send()

    def read_all(self, size: int) -> bytes:
        """Exactly so many bytes; raises EOFError where the answer ends before."""
        end = self._at + size
        if end <= len(self._held):
            given, self._at = self._held[self._at : end], end
            return given
        begun, self._held, self._at = self._held[self._at :], b"", 0
        return self._more(begun, size)

    def _more(self, begun: bytes, size: int) -> bytes:
        """Large parts are not held."""
        pieces, missing = [begun] if begun else [], size - len(begun)
        while missing:
            piece = self._read(max(missing, AHEAD_BYTES))
            if not piece:
                raise EOFError(f"The answer ends {missing} bytes too early.")
            if len(piece) > missing:
                self._held, self._at, piece = piece, missing, piece[:missing]
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)


def read_ahead(transport: Transport) -> None:
    """Have a transport do so from now on."""
    ahead = Ahead(transport)
    transport.flush, transport.readAll = ahead.flush, ahead.read_all
