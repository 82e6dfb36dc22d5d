"""``load`` and ``profile``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.api.calling import context_of, options_of
from edgewright.app import profile as profiling
from edgewright.app import session
from edgewright.app.options import ModelOptions
from edgewright.app.profile import ProfileOptions
from edgewright.app.session import Session
from edgewright.core.measurement.profile import Profile
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.run import Trial
from edgewright.environment import Environment
from edgewright.ports import Reporter


def load(
    build: str | Path | Trial | Artifact,
    options: ModelOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Session:
    """Open a build or a model in its framework's process; see `app.session.load`.

    Args:
        build: a build's directory, a trial of a run, an artifact, or a model.
        options: what is allowed with a model's files.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        The open session; a context manager.

    Raises:
        EdgewrightError: it cannot be found, verified or opened.
    """
    context = context_of("session", environment, reporter, offline=offline)
    return session.load(context, build, options_of(ModelOptions, options, named))


def profile(
    build: str | Path,
    options: ProfileOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Profile:
    """Show where a build spends time, memory and energy, what limits it, and what to change; see `app.profile.profile`.

    Args:
        build: a build's directory, or a run's directory, for its recommended build.
        options: see `ProfileOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        The profile; of a run, it is also written into its record and report.

    Raises:
        EdgewrightError: the build or its runtime cannot be had, or its process failed.
    """
    context = context_of("profile", environment, reporter, offline=offline)
    return profiling.profile(context, build, options_of(ProfileOptions, options, named))
