"""Who may not read which table: a warehouse checks the rights of whoever opened the session."""

from dataclasses import dataclass, field

from tests.wire.engine import Refused, tables


@dataclass
class Grants:
    """Everything is granted but what was withheld; set `service.permits` to `check`."""

    withheld: set[tuple[str, str]] = field(default_factory=set)
    """(token, `schema.table` in lower case)"""

    def check(self, token: str, sql: str, schema: str) -> None:
        """Raise Refused for a statement that names a table which is withheld from the token."""
        if not any(holder == token for holder, _ in self.withheld):
            return
        for table in tables(sql):
            name = f"{table.db or schema}.{table.name}".lower()
            if (token, name) in self.withheld:
                raise Refused(
                    "[INSUFFICIENT_PERMISSIONS] Insufficient privileges: User does not have SELECT"
                    f" on Table '{name}'. SQLSTATE: 42501"
                )
