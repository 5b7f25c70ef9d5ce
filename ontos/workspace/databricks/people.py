"""Groups of a person, asked of the workspace with the person's own token."""

from ontos.workspace.databricks.client import Connection
from ontos.workspace.protocols import Person


class DatabricksPeople:
    def groups(self, person: Person) -> frozenset[str] | None:
        """One request; none without a token, since the app must not guess for others."""
        if not person.token:
            return None
        theirs = Connection(person.token)
        with theirs.told(f"The groups of {person.user} cannot be read"):
            me = theirs.client.current_user.me()
        return frozenset(group.display for group in me.groups or () if group.display)
