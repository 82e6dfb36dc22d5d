"""``benchmark`` and ``ab``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgewright.api.calling import context_of, options_of
from edgewright.app.compare import ab as testing
from edgewright.app.compare import benchmark as timing
from edgewright.app.compare.ab import AbOptions
from edgewright.app.compare.benchmark import BenchmarkOptions
from edgewright.core.measurement.compared import AbTest, Benchmark
from edgewright.environment import Environment
from edgewright.ports import Reporter


def benchmark(
    models: Sequence[str],
    options: BenchmarkOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Benchmark:
    """Compare the speed of builds or models in interleaved rounds; see `app.compare.benchmark.benchmark`.

    Args:
        models: builds, models, or files made by other tools.
        options: see `BenchmarkOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        Each arm's values, and its ratios to the first arm.

    Raises:
        EdgewrightError: a build or its runtime cannot be had, or its process failed, or no block was undisturbed.
    """
    context = context_of("benchmark", environment, reporter, offline=offline)
    return timing.benchmark(context, models, options_of(BenchmarkOptions, options, named))


def ab(
    a: str,
    b: str,
    options: AbOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> AbTest:
    """An A/B test of two builds on one metric; see `app.compare.ab.ab`.

    Args:
        a: the first build or model.
        b: the second; the ratio is B to A.
        options: see `AbOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        Which is better, that they are alike, or that it could not be decided.

    Raises:
        UsageError: a metric that two builds cannot be compared on.
        EdgewrightError: a build or its runtime cannot be had, or its process failed.
    """
    context = context_of("ab", environment, reporter, offline=offline)
    return testing.ab(context, a, b, options_of(AbOptions, options, named))
