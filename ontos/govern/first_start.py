"""The setup of a workspace in which the store does not open: what lacks then lacks there.

No role can be read without a store, so the settings say who may: the members of ONTOS_ADMIN_GROUP,
and on a machine of their own whoever runs the process, since its credentials are theirs. There is
no journal either; what is made is in the log.
"""

from dataclasses import dataclass

from ontos.govern.setup import SetupFinding, found_by, made_by
from ontos.kernel import logs
from ontos.kernel.errors import Denied
from ontos.kernel.permission import Decision
from ontos.workspace import Person, Setup


@dataclass(frozen=True)
class FirstStart:
    """`admin_group` is that of the settings; `runs_it`: the person runs this very process."""

    person: Person
    setup: Setup
    admin_group: str
    runs_it: bool = False

    def findings(self) -> list[SetupFinding]:
        """Each thing that the workbench needs of its workspace; raises Denied."""
        self._require()
        return found_by(self.setup)

    def make(self, key: str) -> SetupFinding:
        """Make what is missing where it may be made; raises Denied, NotFound or Refused."""
        self._require()
        made = made_by(self.setup, key)
        logs.warning("made before there was a store", user=self.person.user, thing=key)
        return made

    def decision(self) -> Decision:
        """Whether the person may, and why."""
        if self.runs_it:
            return Decision(True, "runs this process")
        if self.admin_group in self.person.groups:
            return Decision(True, f"member of {self.admin_group}")
        ask = f"Ask a member of the workspace's group {self.admin_group} to open this page"
        if self.person.token:
            return Decision(False, f"{ask}: it shows them what is missing, and how to mend it.")
        return Decision(
            False,
            f"{ask}, and to turn on user authorization in the app's settings, with the scopes of "
            "databricks.yml: no token is forwarded that would tell your groups.",
        )

    def _require(self) -> None:
        decided = self.decision()
        if not decided.allowed:
            logs.warning("setup refused before there was a store", user=self.person.user)
            raise Denied(decided.reason)
