"""``optimize`` and what belongs to a run: ``doctor``, ``assess``, ``sensitivity``, ``demo``, ``open_run``, ``pick``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.api.calling import context_of, options_of
from edgewright.app import assess as assessing
from edgewright.app import decide
from edgewright.app import demo as demonstrating
from edgewright.app import sensitivity as measuring
from edgewright.app.assess import AssessOptions
from edgewright.app.decide import pick
from edgewright.app.optimize import optimize as optimizing
from edgewright.app.optimize.options import OptimizeOptions
from edgewright.app.sensitivity import SensitivityOptions
from edgewright.core.decision.assessment import Assessment
from edgewright.core.decision.policy import Policy
from edgewright.core.device.host import HostFacts
from edgewright.core.device.toolchain import ToolchainState
from edgewright.core.recipe.sensitivity import Sensitivity
from edgewright.core.run import Run
from edgewright.environment import Environment
from edgewright.ports import Reporter

__all__ = ["assess", "demo", "doctor", "open_run", "optimize", "pick", "sensitivity"]


def doctor(
    *, environment: Environment | None = None, offline: bool = False
) -> tuple[HostFacts, tuple[ToolchainState, ...]]:
    """Facts of this host with its readiness to measure, and the state of every framework's toolchain."""
    return assessing.doctor(context_of("doctor", environment, None, offline=offline))


def assess(
    model: str,
    options: AssessOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Assessment:
    """Check which frameworks can build a model for a target, before anything is built; see `app.assess.assess`.

    Args:
        model: a Hugging Face directory, a hub id, a GGUF file or a LoRA adapter.
        options: see `AssessOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        Facts, estimated memory against the target's limits, each framework's fit, and the strategy.

    Raises:
        EdgewrightError: the model is not available, or the target is unknown.
    """
    context = context_of("assess", environment, reporter, offline=offline)
    return assessing.assess(context, model, options_of(AssessOptions, options, named))


def optimize(
    model: str,
    options: OptimizeOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Run:
    """Build a model in every framework that supports the target, measure the builds, check the gates, and recommend one.

    Args:
        model: a Hugging Face directory, a hub id, a GGUF file or a LoRA adapter.
        options: see `OptimizeOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        The run. If no build is recommended, ``run.best`` is None, and ``run.choice`` names the closest build.

    Raises:
        EdgewrightError: nothing could be compared; the message names the cause and the next step.
    """
    context = context_of("optimize", environment, reporter, offline=offline)
    return optimizing.optimize(context, model, options_of(OptimizeOptions, options, named))


def sensitivity(
    model: str,
    options: SensitivityOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Sensitivity:
    """Measure the KL divergence (nat per token) from rounding each tensor group; see `app.sensitivity.sensitivity`.

    Args:
        model: a Hugging Face directory, a hub id or a GGUF file.
        options: see `SensitivityOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        One curve for each group.

    Raises:
        EdgewrightError: the model is not available or cannot run, or the text is too short for calibration.
    """
    context = context_of("sensitivity", environment, reporter, offline=offline)
    return measuring.sensitivity(context, model, options_of(SensitivityOptions, options, named))


def demo(
    out: Path,
    *,
    policy: Policy | None = None,
    quick: bool = False,
    everything: bool = False,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
) -> Run:
    """Optimize the demo's model for this machine; see `app.demo.demo`."""
    context = context_of("demo", environment, reporter, offline=offline)
    return demonstrating.demo(context, out, policy=policy, quick=quick, everything=everything)


def open_run(path: str | Path, *, environment: Environment | None = None) -> Run:
    """The record of a run, from its directory or its ``run.json``.

    Raises:
        InputError: there is no record, or a later version wrote it.
    """
    return decide.open_run(context_of("show", environment, None, offline=True), path)
