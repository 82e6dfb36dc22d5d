"""This machine as a site: its probe, toolchains, store, runner and sessions, all below one cache home."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from edgewright.ports import Tell
from edgewright.sites.local.home import Home
from edgewright.sites.local.probe import LocalProbe
from edgewright.sites.local.runner import LocalRunner
from edgewright.sites.local.sessions import LocalSessions
from edgewright.sites.local.store import DirectoryStore
from edgewright.sites.local.toolchains import LocalToolchains
from edgewright.sites.local.turns import Turns


@dataclass(frozen=True, kw_only=True)
class LocalSite:
    """The `Site` of this machine below one cache home; two of them share the machine's lock."""

    home: Home
    offline: bool = False
    name: str = "local"

    @cached_property
    def probe(self) -> LocalProbe:
        """Looks at this host."""
        return LocalProbe(self.home.root, offline=self.offline)

    @cached_property
    def turns(self) -> Turns:
        """Whose turn it is on this machine."""
        return Turns()

    @cached_property
    def toolchains(self) -> LocalToolchains:
        """Environments below the home."""
        return LocalToolchains(self.home, offline=self.offline, turns=self.turns)

    @property
    def runner(self) -> LocalRunner:
        """Runs jobs here; one for each context, so that stopping one use case stops no other."""
        return LocalRunner(self.toolchains, self.home.store, self.turns)

    @cached_property
    def sessions(self) -> LocalSessions:
        """Opens builds here."""
        return LocalSessions(self.toolchains, self.home.store)

    def store(self, tell: Tell) -> DirectoryStore:
        """Finished things; ``tell`` hears who is waited for."""
        return DirectoryStore(self.home.store, tell=tell)
