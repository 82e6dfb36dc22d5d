"""A framework as the parent sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgewright.core.decision.assessment import Fit
    from edgewright.core.device.server import Server
    from edgewright.core.device.toolchain import ToolchainSpec
    from edgewright.core.model.facts import ModelFacts, SourceKind, Task
    from edgewright.core.recipe.allocation import Mixture
    from edgewright.core.recipe.recipes import Option, Recipe
    from edgewright.core.recipe.space import Space


class Backend(Protocol):
    """A framework as the parent sees it: declared capabilities, no heavy imports."""

    @property
    def name(self) -> str:
        """The framework's name, as used in recipes."""
        ...

    @property
    def worker(self) -> str:
        """The module that holds ``WORKER``, imported in the toolchain's environment only."""
        ...

    @property
    def toolchain(self) -> ToolchainSpec:
        """The environment that runs its builds; it refers to the environment that makes them, if that is a different one."""
        ...

    @property
    def code_digest(self) -> str:
        """A hash of the backend's own code and data; it is part of the key of its builds."""
        ...

    @property
    def tasks(self) -> frozenset[Task]:
        """The tasks that it supports."""
        ...

    @property
    def runs(self) -> frozenset[SourceKind]:
        """Kinds of originals whose files it runs directly, without conversion; the source made from such a file is checked with it."""
        ...

    @property
    def server(self) -> Server | None:
        """The runtime's own server that answers several requests at a time; None if it has none."""
        ...

    @property
    def timed_where(self) -> tuple[str, ...]:
        """Conditions on the host, as `HostFacts.meets` reads them, under which its speed is meaningful; empty: anywhere.

        Elsewhere its builds are made, compared with the original and scored, and timed only if they are asked for by name.
        """
        ...

    def recognizes(self, path: Path) -> bool:
        """Whether the file or directory is a model in this framework's own format, made by any tool."""
        ...

    def fit(self, facts: ModelFacts) -> Fit:
        """Whether it can build this model, with the reasons in words."""
        ...

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """Its candidates for this model; the first one, and only that one, is unquantized and made from the source."""
        ...

    def space(self, facts: ModelFacts) -> Space | None:
        """All builds that it can make of this model, for a search; None if there are only `recipes`."""
        ...

    def mixture(self, facts: ModelFacts) -> Mixture | None:
        """How it can set the type of each tensor; None if it cannot."""
        ...

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """Runtime options worth trying on a finished build: each is added to the options of the recipe; all are optional."""
        ...
