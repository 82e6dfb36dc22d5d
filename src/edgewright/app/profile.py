"""``profile``: what a build uses, where its time goes, what limits it, and what to change."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgewright.app.intake.runnable import Runnable, facts_of, runnable, weight_bytes_of
from edgewright.app.measure.energy import energy_model_of, energy_round, energy_values
from edgewright.app.measure.rounds import Arm, Timing, timed_round
from edgewright.app.options import ModelOptions
from edgewright.app.steps import operators as step
from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.jobs.results import Failure, error_of
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.measurement.profile import Observed, Profile, concluded
from edgewright.core.measurement.quantity import Value
from edgewright.core.measurement.records import QUICK, Block, Pace, Workload
from edgewright.core.run import Run
from edgewright.errors import InputError
from edgewright.ports import Context
from edgewright.tasks.text_generation.timing import on_ids

_ROUNDS = 3
_PACE = Pace(
    least_s=3.0,
    least_requests=3,
    warmup_least=2,
    warmup_most=4,
    sentinel=False,
    cut_s=10.0,
    least_latencies=72,
)


@dataclass(frozen=True, kw_only=True)
class ProfileOptions(ModelOptions):
    """``quick`` leaves the energy out and shortens the blocks.

    Where the machine counts no energy, ``energy_model`` (such as "codecarbon") estimates it, even with ``quick``; its
    toolchain is installed if it is not there. ``framework`` runs a build that another tool made.
    """

    workload: Workload = field(default_factory=Workload)
    quick: bool = False
    energy_model: str = ""
    framework: str = ""


def profile(context: Context, build: str | Path, options: ProfileOptions) -> Profile:
    """Time a build at 1, 2, 4 ... threads, count its energy, profile its operators, and compare it with the limits of the host.

    The directory of a run means the build that it chose; the profile then becomes a part of its record and report.

    Raises:
        EdgewrightError: the build or its runtime cannot be had, or its process failed.
    """
    run, path = _of_a_run(context, Path(build))
    framework, trust = options.framework, options.trust
    subject = runnable(context, path or str(build), framework=framework, as_it_is=True, trust=trust)
    shape = options.workload
    model = energy_model_of(context, options.energy_model)
    context.reporter.phase("measuring what this host can do")
    able = step.capability(context, subject.backend, context.logs / "host.log")
    if isinstance(able, Failure):
        raise error_of(able)
    most = int(subject.runtime.get("threads", context.probe.usable_cores()))
    counts = sorted({most, *(2**k for k in range(most.bit_length()) if 2**k <= most)})
    blocks = _timed(context, subject, shape, counts, QUICK if options.quick else _PACE, _ROUNDS)
    operators = _operators(context, subject, shape)
    result = concluded(
        Observed(
            name=subject.name,
            runtime=subject.backend.name,
            workload=shape,
            blocks=blocks,
            energy={} if options.quick and not model else _energy(context, subject, shape, most, model),
            operators=None if isinstance(operators, Failure) else operators,
            operators_missing=operators.reason if isinstance(operators, Failure) else "",
            capability=able,
            facts=facts_of(context, subject),
            weight_bytes=weight_bytes_of(context, subject),
            memory_bytes=context.probe.host(brief=True).memory_bytes,
        )
    )
    if run is not None:
        place = Path(build).resolve()
        context.runs.journal(place, run.key).save(replace(run, profile=result, directory=str(place)))
    return result


def _of_a_run(context: Context, path: Path) -> tuple[Run | None, str]:
    """A run and its chosen build, where ``path`` is a run's directory."""
    if not context.runs.exists(path):
        return None, ""
    run = context.runs.read(path)
    if run.best is None or run.best.artifact is None:
        raise InputError(f"The run in {path} recommends no build.", hint="Name a build's directory.")
    return run, str(context.runs.exported(path) or run.best.artifact.path)


def _timed(
    context: Context, subject: Runnable, shape: Workload, counts: list[int], pace: Pace, rounds: int
) -> dict[int, list[Block]]:
    """Blocks at each number of threads, interleaved."""
    ids = tuple(range(1, shape.prompt_tokens + 1))
    arms = [
        _arm(context, subject, f"{subject.name} with {threads} thread{'s' if threads > 1 else ''}", threads)
        for threads in counts
    ]
    found: dict[int, list[Block]] = {threads: [] for threads in counts}
    for number in range(rounds):
        rng = random.Random(number)  # an order of measurements, no secret
        finished, failures = timed_round(
            context, arms, Timing(job=on_ids(ids), workload=shape, pace=pace), rng
        )
        for failure in failures.values():
            raise error_of(failure)
        for threads, arm in zip(counts, arms, strict=True):
            found[threads].append(finished.blocks[arm.name])
    return found


def _arm(context: Context, subject: Runnable, name: str, threads: int) -> Arm:
    return Arm(
        name=name,
        backend=subject.backend,
        path=subject.path,
        runtime={**subject.runtime, "threads": threads},
        log=context.logs / f"{subject.backend.name}.log",
    )


def _energy(
    context: Context, subject: Runnable, shape: Workload, threads: int, model: ToolchainSpec | None
) -> Mapping[str, Value]:
    """Energy per token over half a minute, with all threads."""
    context.reporter.phase(f"measuring the energy of {subject.name} (30 s)")
    arm = _arm(context, subject, subject.name, threads)
    return energy_values(energy_round(context, [arm], shape, model, watched=False), arm.name)


def _operators(context: Context, subject: Runnable, shape: Workload) -> OperatorProfile | Failure:
    context.reporter.phase(f"profiling the operators of {subject.name}")
    with tempfile.TemporaryDirectory() as scratch:
        return step.profile(
            context,
            subject.backend,
            artifact=subject.path,
            runtime=subject.runtime,
            ids=tuple(range(1, shape.prompt_tokens + 1)),
            tokens=shape.decode_tokens,
            scratch=Path(scratch),
            log=context.logs / f"{subject.backend.name}.log",
        )
