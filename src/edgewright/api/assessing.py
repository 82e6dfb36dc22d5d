"""``doctor`` and ``assess``: what can be known without building anything."""

from __future__ import annotations

from edgewright.core import knowledge
from edgewright.core.assessment import Assessment
from edgewright.core.host import HostFacts
from edgewright.core.toolchain import ToolchainState
from edgewright.runtime.models import Origin, Trust, locate, read_facts
from edgewright.stages import assess as stage
from edgewright.wiring import Wiring


def doctor(*, offline: bool = False) -> tuple[HostFacts, tuple[ToolchainState, ...]]:
    """Facts of this host with its readiness to measure, and the state of every toolchain."""
    wiring = Wiring(offline)
    states = tuple(wiring.toolchains.state(spec) for spec in wiring.specs.values())
    return wiring.probe.host(), states


def assess(
    model: str,
    *,
    target: str = "this-machine",
    context: int = 4096,
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    base: str = "",
) -> Assessment:
    """Facts of a model, its estimated memory against a target's limits, each framework's fit, and the strategy.

    ``base`` is the model that a LoRA adapter belongs on, where the adapter does not name one that is here.

    Raises:
        EdgewrightError: the model or the target cannot be had; the message names the next step.
    """
    wanted = knowledge.target(target)
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    origin = locate(model, offline=offline, trust=trust, base=base)
    return assess_origin(Wiring(offline), origin, wanted.name, context)


def assess_origin(wiring: Wiring, origin: Origin, target: str, context: int) -> Assessment:
    """The assessment of a located model."""
    return stage.assess(
        origin.name,
        read_facts(origin),
        wiring.probe.host(brief=True),
        knowledge.target(target),
        list(wiring.backends.values()),
        {name: wiring.toolchains.state(spec) for name, spec in wiring.specs.items()},
        context=context,
    )
