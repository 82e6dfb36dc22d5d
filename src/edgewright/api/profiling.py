"""``profile``: what a build uses, where its time goes, what limits it, and what to change."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgewright.api.energy import energy_model_of, energy_round, energy_values
from edgewright.api.quiet import Quiet
from edgewright.api.runnable import Runnable, facts_of, runnable, weight_bytes_of
from edgewright.core.answers import Failure
from edgewright.core.measurement import QUICK, Block, Pace, Workload
from edgewright.core.profile import OperatorProfile
from edgewright.core.profiled import Observed, Profile, concluded
from edgewright.core.quantity import Value
from edgewright.core.run import Run
from edgewright.core.toolchain import ToolchainSpec
from edgewright.errors import InputError
from edgewright.pipeline.rounds import Arm, Timing, timed_round
from edgewright.ports import Reporter, Workshop
from edgewright.report.html import draw
from edgewright.runtime.children import usable_cores
from edgewright.runtime.models import Trust
from edgewright.runtime.rundir import RECORD, RunDirectory, read_run
from edgewright.stages import profile as stage
from edgewright.stages.prepare import error_of
from edgewright.wiring import Wiring

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


def profile(
    build: str | Path,
    *,
    workload: Workload | None = None,
    quick: bool = False,
    energy_model: str = "",
    runtime: str = "",
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    reporter: Reporter | None = None,
) -> Profile:
    """Time a build at 1, 2, 4 ... threads, count its energy, profile its operators, and hold it against the host.

    The directory of a run means the build that it chose; the profile then becomes a part of its record and report.
    ``quick`` leaves the energy out and shortens the blocks. Where the machine counts no energy, ``energy_model`` (such as
    "codecarbon") estimates it, even with ``quick``; its toolchain is installed if it is not there.

    Raises:
        EdgewrightError: the build or its runtime cannot be had, or its process failed.
    """
    wiring = Wiring(offline)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "profile")
    run, path = _of_a_run(Path(build))
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    subject = runnable(wiring, shop, path or str(build), runtime=runtime, as_it_is=True, trust=trust)
    shape = workload or Workload()
    model = energy_model_of(wiring, shop, energy_model)
    shop.reporter.phase("measuring what this host can do")
    able = stage.capability(shop, subject.backend, shop.logs / "host.log")
    if isinstance(able, Failure):
        raise error_of(able)
    most = int(subject.runtime.get("threads", usable_cores()))
    counts = sorted({most, *(2**k for k in range(most.bit_length()) if 2**k <= most)})
    blocks = _timed(shop, subject, shape, counts, QUICK if quick else _PACE, _ROUNDS)
    operators = _operators(shop, subject, shape)
    facts = facts_of(wiring, subject)
    result = concluded(
        Observed(
            name=subject.name,
            runtime=subject.backend.name,
            workload=shape,
            blocks=blocks,
            energy={} if quick and not model else _energy(shop, subject, shape, most, model),
            operators=None if isinstance(operators, Failure) else operators,
            operators_missing=operators.reason if isinstance(operators, Failure) else "",
            capability=able,
            facts=facts,
            weight_bytes=weight_bytes_of(wiring, subject),
            memory_bytes=wiring.probe.host(brief=True).memory_bytes,
        )
    )
    if run is not None:
        journal = RunDirectory(Path(build).resolve(), wiring.clock, draw, run.key)
        journal.save(replace(run, profile=result, directory=str(Path(build).resolve())))
    return result


def _of_a_run(path: Path) -> tuple[Run | None, str]:
    """A run and its chosen build, where ``path`` is a run's directory."""
    if not (path / RECORD).is_file():
        return None, ""
    run = read_run(path)
    if run.best is None or run.best.artifact is None:
        raise InputError(f"The run in {path} chose no build.", hint="Name a build's directory.")
    exported = path / "best"
    return run, str(exported if exported.is_dir() else run.best.artifact.path)


def _timed(
    shop: Workshop, subject: Runnable, shape: Workload, counts: list[int], pace: Pace, rounds: int
) -> dict[int, list[Block]]:
    """Blocks at each number of threads, interleaved."""
    ids = tuple(range(1, shape.prompt_tokens + 1))
    arms = [
        _arm(shop, subject, f"{subject.name} with {threads} thread{'s' if threads > 1 else ''}", threads)
        for threads in counts
    ]
    found: dict[int, list[Block]] = {threads: [] for threads in counts}
    for number in range(rounds):
        rng = random.Random(number)  # an order of measurements, no secret
        finished, failures = timed_round(shop, arms, Timing(ids=ids, workload=shape, pace=pace), rng)
        for failure in failures.values():
            raise error_of(failure)
        for threads, arm in zip(counts, arms, strict=True):
            found[threads].append(finished.blocks[arm.name])
    return found


def _arm(shop: Workshop, subject: Runnable, name: str, threads: int) -> Arm:
    return Arm(
        name=name,
        backend=subject.backend,
        path=subject.path,
        runtime={**subject.runtime, "threads": threads},
        log=shop.logs / f"{subject.backend.name}.log",
    )


def _energy(
    shop: Workshop, subject: Runnable, shape: Workload, threads: int, model: ToolchainSpec | None
) -> Mapping[str, Value]:
    """Energy per token over half a minute, with all threads."""
    shop.reporter.phase(f"energy of {subject.name}, half a minute")
    arm = _arm(shop, subject, subject.name, threads)
    return energy_values(energy_round(shop, [arm], shape, model, watched=False), arm.name)


def _operators(shop: Workshop, subject: Runnable, shape: Workload) -> OperatorProfile | Failure:
    shop.reporter.phase(f"profiling the operators of {subject.name}")
    with tempfile.TemporaryDirectory() as scratch:
        return stage.profile(
            shop,
            subject.backend,
            artifact=subject.path,
            runtime=subject.runtime,
            ids=tuple(range(1, shape.prompt_tokens + 1)),
            tokens=shape.decode_tokens,
            scratch=Path(scratch),
            log=shop.logs / f"{subject.backend.name}.log",
        )
