"""``benchmark``: any builds side by side, in one interleaved run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edgewright.app.intake.runnable import Runnable, runnable
from edgewright.app.measure.energy import BLOCK, energy_model_of, energy_round, energy_values
from edgewright.app.measure.rounds import Arm, Timing, on_ids, timed_round
from edgewright.app.options import ModelOptions
from edgewright.app.steps.prepare import error_of
from edgewright.core.measurement.compared import Benchmark, Benchmarked
from edgewright.core.measurement.records import FULL, Pace, Workload
from edgewright.core.measurement.rounds import Round, counted, host_noise, numbered
from edgewright.core.measurement.speed import paired_values, speed_values
from edgewright.errors import ResourceError, UsageError
from edgewright.ports import Context


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions(ModelOptions):
    """``rounds`` interleaved rounds of ``workload``; ``seed`` orders the arms.

    ``energy`` adds one block of half a minute for each arm, around which the machine's counters are read. Where it has
    none, ``energy_model`` (such as "codecarbon") estimates; its toolchain is installed if it is not there.
    ``framework`` runs builds that other tools made, where their format does not say which.
    """

    rounds: int = 7
    workload: Workload = field(default_factory=Workload)
    pace: Pace = FULL
    energy: bool = False
    energy_model: str = ""
    framework: str = ""
    seed: int = 0


def benchmark(context: Context, models: Sequence[str], options: BenchmarkOptions) -> Benchmark:
    """Time builds, other tools' files, or models (in the reference) on the same prompt, in rounds of random order.

    Each block is a fresh process; one that something disturbed is run again. The prompt is the ids 1, 2, 3, ...: it
    costs what any prompt costs, and every vocabulary has them.

    Raises:
        EdgewrightError: a build or its runtime cannot be had, or its process failed, or no block was undisturbed.
    """
    framework, trust = options.framework, options.trust
    arms = [runnable(context, model, framework=framework, as_it_is=True, trust=trust) for model in models]
    estimator = energy_model_of(context, options.energy_model)
    shape, pace = options.workload, options.pace
    answer = run_arms(context, arms, rounds=options.rounds, workload=shape, pace=pace, seed=options.seed)
    if not (options.energy or estimator):
        return answer
    sides = [_arm(context, one.name, arm) for one, arm in zip(answer.arms, arms, strict=True)]
    finished = energy_round(context, sides, shape, estimator, watched=pace.sentinel)
    return replace(answer, arms=tuple(_with_energy(arm, finished) for arm in answer.arms))


def _with_energy(arm: Benchmarked, finished: Round) -> Benchmarked:
    """The energy block stands beside the rounds' blocks: only its energy is taken from it."""
    block = {BLOCK: finished.blocks[arm.name]} if arm.name in finished.blocks else {}
    return replace(
        arm,
        values={**arm.values, **energy_values(finished, arm.name)},
        blocks={**arm.blocks, **block},
    )


def _arm(context: Context, name: str, subject: Runnable) -> Arm:
    return Arm(
        name=name,
        backend=subject.backend,
        path=subject.path,
        runtime=subject.runtime,
        log=context.logs / f"{subject.backend.name}.log",
    )


def run_arms(
    context: Context, arms: Sequence[Runnable], *, rounds: int, workload: Workload, pace: Pace, seed: int
) -> Benchmark:
    """`benchmark`, for what was located already."""
    names = _distinct([arm.name for arm in arms])
    done = timed_rounds(context, dict(zip(names, arms, strict=True)), range(rounds), [], workload, pace, seed)
    return summed_up(names, arms, done, workload, pace)


def timed_rounds(
    context: Context,
    arms: dict[str, Runnable],
    numbers: range,
    before: Sequence[Round],
    workload: Workload,
    pace: Pace,
    seed: int,
) -> list[Round]:
    """Rounds of these numbers, after those ``before``.

    Raises:
        EdgewrightError: an arm's process failed.
    """
    done = list(before)
    ids = tuple(range(1, workload.prompt_tokens + 1))
    for number in numbers:
        context.reporter.phase(f"round {number + 1} of {numbers.stop}")
        timing = Timing(job=on_ids(ids), workload=workload, pace=pace, before=tuple(done))
        rng = random.Random(f"{seed}/{number}")  # an order of measurements, no secret
        sides = [_arm(context, name, arm) for name, arm in arms.items()]
        finished, failures = timed_round(context, sides, timing, rng)
        for failure in failures.values():
            raise error_of(failure)
        done.append(finished)
    return done


def summed_up(
    names: Sequence[str], arms: Sequence[Runnable], done: Sequence[Round], workload: Workload, pace: Pace
) -> Benchmark:
    """The figures of finished rounds.

    Raises:
        ResourceError: some arm has no block that counts.
    """
    blocks = {name: counted(numbered(done), name) for name in names}
    for name, mine in blocks.items():
        if not mine:
            reasons = (one.reason for each in done for one in each.invalid if one.arm == name)
            reason = next(reasons, "the host was slower or faster than usual")
            raise ResourceError(
                f"Every block of {name} was disturbed: {reason}.",
                hint="Stop what else runs on this machine, or use --quick, which does not watch the host.",
            )
    return Benchmark(
        workload=workload,
        pace=pace,
        arms=tuple(
            Benchmarked(
                name=name,
                runtime=arm.backend.name,
                path=arm.path,
                values={
                    **speed_values(list(blocks[name].values())),
                    **paired_values(blocks[name], blocks[names[0]]),
                },
                placement=next(iter(blocks[name].values())).placement,
                blocks=blocks[name],
            )
            for name, arm in zip(names, arms, strict=True)
        ),
        host=host_noise(done),
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """The same build twice is two arms: the second is numbered."""
    if not names:
        raise UsageError("There is nothing to time.", hint="Name at least one build.")
    counts: dict[str, int] = {}
    out = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        out.append(name if counts[name] == 1 else f"{name} #{counts[name]}")
    return out
