"""``doctor`` and ``assess``: what can be known without building anything."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.app.options import ModelOptions
from edgewright.app.steps import assess as step
from edgewright.core import knowledge
from edgewright.core.decision.assessment import Assessment
from edgewright.core.device.host import HostFacts
from edgewright.core.device.toolchain import ToolchainState
from edgewright.inputs.models import Origin, locate, read_facts
from edgewright.ports import Context


@dataclass(frozen=True, kw_only=True)
class AssessOptions(ModelOptions):
    """``target`` is a kind of device; ``context`` counts the tokens of a request that memory is estimated for.

    ``base`` is the model that a LoRA adapter belongs on, where the adapter does not name one that is here.
    """

    target: str = "this-machine"
    context: int = 4096
    base: str = ""


def doctor(context: Context) -> tuple[HostFacts, tuple[ToolchainState, ...]]:
    """Facts of this host with its readiness to measure, and the state of every framework's toolchain."""
    states = tuple(context.toolchains.state(half) for spec in context.specs.values() for half in spec.halves)
    return context.probe.host(), states


def assess(context: Context, model: str, options: AssessOptions) -> Assessment:
    """Facts of a model, its estimated memory against a target's limits, each framework's fit, and the strategy.

    Raises:
        EdgewrightError: the model or the target cannot be had; the message names the next step.
    """
    wanted = knowledge.target(options.target)
    origin = locate(model, offline=context.offline, trust=options.trust, base=options.base)
    return assess_origin(context, origin, wanted.name, options.context)


def assess_origin(context: Context, origin: Origin, target: str, tokens: int) -> Assessment:
    """The assessment of a located model, for requests of ``tokens`` tokens."""
    return step.assess(
        origin.name,
        read_facts(origin),
        context.probe.host(brief=True),
        knowledge.target(target),
        list(context.backends.values()),
        {name: context.toolchains.state(spec) for name, spec in context.specs.items()},
        context=tokens,
    )
