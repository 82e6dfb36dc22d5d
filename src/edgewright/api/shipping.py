"""``package`` and ``pull``: what is shipped of a build, and how it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.api.calling import context_of, options_of
from edgewright.app.package import package as packaging
from edgewright.app.package import registry as shipping
from edgewright.app.package.options import PackageOptions
from edgewright.app.package.registry import Pulled
from edgewright.core.release.package import Package
from edgewright.environment import Environment
from edgewright.ports import Reporter

__all__ = ["package", "pull"]


def package(
    build: str | Path,
    options: PackageOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Package:
    """Package a build for the place where it runs, check its sizes, and run it from the package's files alone.

    Args:
        build: the directory of a build, or of a run: then the build that it recommends.
        options: see `PackageOptions`; ``kind`` is required.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        The record of the package; ``directory`` is where it lies.

    Raises:
        EdgewrightError: it cannot be made; nothing is left under its name. `BudgetError`: it is larger than a limit allows.
    """
    context = context_of("package", environment, reporter, offline=offline)
    return packaging.package(context, build, options_of(PackageOptions, options, named))


def pull(
    reference: str,
    out: str | Path | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
) -> Pulled:
    """Fetch a build from a registry, and check every file of it.

    Args:
        reference: its name, such as ``registry.example/team/model:1``, or with ``@sha256:...``.
        out: the build's directory (default: ``builds/NAME``).
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network; the call then fails.

    Returns:
        Where the build lies, what it is, and the digest of its manifest in the registry.

    Raises:
        EdgewrightError: it cannot be had, or some bytes are not what their digest says.
    """
    return shipping.pull(context_of("pull", environment, reporter, offline=offline), reference, out)
