"""One statement, tried until it is answered, refused, or given up."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry import trace

from ontos.kernel.errors import OntosError
from ontos.warehouse.databricks.connecting import answering
from ontos.warehouse.databricks.failures import opening, unanswered, undecided
from ontos.warehouse.databricks.figures import RETRIES, UNDECIDED
from ontos.warehouse.databricks.link import Identity, Link
from ontos.warehouse.databricks.repeatable import Repeat, repeatable
from ontos.warehouse.databricks.retries import Fate, Setback, connector_errors, setback, sound
from ontos.warehouse.databricks.running import Sent
from ontos.warehouse.running import cancelled, running

if TYPE_CHECKING:
    from databricks.sql.client import Cursor

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """How much the connector fetches at once, and so holds in memory."""

    rows: int
    size: int


class Attempt:
    """One try on one connection; `address` is the warehouse's, for messages."""

    def __init__(self, sql: str, address: str) -> None:
        self._sql, self._address = sql, address
        self.opening = True
        self.ticket: Sent | None = None

    @property
    def taken(self) -> bool:
        """Whether the warehouse has named an operation for it."""
        return self.ticket is not None and self.ticket.cursor.active_command_id is not None

    def more(self, read: Callable[["Cursor"], T]) -> T:
        """Read on; a link that breaks now ends the statement."""
        assert self.ticket is not None  # noqa: S101 - reading on follows a first answer
        try:
            return read(self.ticket.cursor)
        except connector_errors() as error:
            raise self.cancelled() or unanswered(
                setback(error, opening=False, taken=True), self._sql, False, 0.0, self._address
            ) from error

    def cancelled(self) -> OntosError | None:
        if self.ticket is None or not self.ticket.cancelled:
            return None
        return cancelled(opening(self._sql))


class Attempts:
    """All tries of one statement with the same values."""

    def __init__(
        self, link: Link, identity: Identity, schema: str, sql: str, bound: dict[str, Any],
        page: Page, repeat: Repeat | None = None,
    ) -> None:  # fmt: skip
        self._link, self._identity, self._schema = link, identity, schema
        self._sql, self._bound, self._page = sql, bound, page
        self._repeat = repeat or repeatable(sql)
        self._patience = link.patience()
        self._doubtful = False

    def first(self, read: Callable[["Cursor"], T], held: ExitStack) -> tuple[Attempt, T]:
        """The first of the answer; `held` then holds the connection that the rest comes from."""
        while True:
            attempt = Attempt(self._sql, self._link.address)
            try:
                answer = self._tried(attempt, read, held)
            except connector_errors() as error:
                self._after(attempt, error)
                continue
            self._certain(answer)
            return attempt, answer

    def _tried(self, attempt: Attempt, read: Callable[["Cursor"], T], held: ExitStack) -> T:
        with ExitStack() as mine:
            connection = mine.enter_context(
                self._identity.pool.borrowed(self._schema, self._patience.lost)
            )
            attempt.opening = False
            cursor = connection.cursor(self._page.rows, self._page.size)
            mine.enter_context(_put_away(cursor, self._link.bounds.closing))
            sent = Sent(cursor, self._identity.pool)
            attempt.ticket = mine.enter_context(running(sent, opening(self._sql)))
            cursor.execute(self._sql, parameters=self._bound)
            self._link.silence.heard()
            answer = read(cursor)
            held.enter_context(mine.pop_all())
            return answer

    def _after(self, attempt: Attempt, error: BaseException) -> None:
        """Come back for another try, or raise."""
        if cancelled := attempt.cancelled():
            raise cancelled from error
        found = setback(error, opening=attempt.opening, taken=attempt.taken)
        if found.fate is Fate.REFUSED or found.reason == "conflict":
            self._link.silence.heard()
        if found.reason in ("link", "session", "starting"):
            self._link.silence.missed()
        if found.link_lost:
            self._identity.pool.distrust()
        if found.reason == "credentials":
            self._identity.credentials.renew()
        self._doubt(found)
        if not self._again(found):
            raise self._given_up(found) from error
        RETRIES.labels(found.reason).inc()
        trace.get_current_span().add_event("retry", {"reason": found.reason})

    def _doubt(self, found: Setback) -> None:
        """A statement that reads leaves no doubt."""
        if found.fate is Fate.UNKNOWN and self._repeat is not Repeat.READS:
            self._doubtful = True

    def _again(self, found: Setback) -> bool:
        if found.fate is Fate.REFUSED:
            return False
        if found.fate is Fate.UNKNOWN and self._repeat is Repeat.NEVER:
            return False
        if found.reason == "credentials" and self._identity.credentials.personal:
            return False
        return self._patience.pause(found)

    def _given_up(self, found: Setback) -> OntosError:
        if self._doubtful and found.fate is not Fate.REFUSED:
            UNDECIDED.inc()
            return undecided(self._sql)
        personal = self._identity.credentials.personal
        return unanswered(found, self._sql, personal, self._patience.waited, self._link.address)

    def _certain(self, answer: object) -> None:
        """A guarded write whose second try changed nothing was done by the first, or never."""
        if self._doubtful and answer == 0 and self._repeat is Repeat.GUARDED:
            UNDECIDED.inc()
            raise undecided(self._sql)


@contextmanager
def _put_away(cursor: "Cursor", hurry: float) -> Iterator[None]:
    """The answer is there; that the warehouse also forgets the operation is not worth an error.

    Nor is it worth a wait where the link has failed: `hurry` bounds that, in seconds.
    """
    try:
        yield
    except BaseException as error:
        if not sound(error):
            answering(cursor.connection, hurry)
        raise
    finally:
        with suppress(*connector_errors()):
            cursor.close()
