"""What can be said of a model and a target before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgewright.core import knowledge
from edgewright.core.decision.assessment import Assessment, Fit, MemoryEstimate, Ranked, Role
from edgewright.core.device.host import HostFacts
from edgewright.core.device.target import Limits, Target
from edgewright.core.device.toolchain import ToolchainState
from edgewright.core.model.facts import ModelFacts, SourceKind
from edgewright.ports import Backend
from edgewright.reasons import because, told


def assess(
    name: str,
    facts: ModelFacts,
    host: HostFacts,
    target: Target,
    backends: Sequence[Backend],
    toolchains: Mapping[str, ToolchainState],
    *,
    context: int,
) -> Assessment:
    """Fit of each framework, memory at each precision against the limits, and the strategy with its reason."""
    asked, target = target, resolve(target, host)
    reason = told(target.reason)
    if asked != target:
        reason = because(
            "treated_as", cpu=host.cpu.model, platform=knowledge.target(_kind(host)).title, text=target.reason
        )
    ranked = [
        Ranked(
            fit=_fit(backend, facts),
            role=_role(backend.name, target),
            toolchain_supported=toolchains[backend.name].supported,
            toolchain_reason=toolchains[backend.name].reason
            if not toolchains[backend.name].supported
            else "",
        )
        for backend in backends
    ]
    here = measurable(target, host)
    return Assessment(
        model=name,
        facts=facts,
        host=host,
        target=target,
        memory=memory(facts, target, context),
        frameworks=tuple(sorted(ranked, key=lambda r: list(Role).index(r.role))),
        strategy=target.strategy,
        reason=reason,
        measured_here=here,
        unverified=None if here else because("not_on_target", target=target.title),
    )


def _fit(backend: Backend, facts: ModelFacts) -> Fit:
    """What a framework says of a task that it builds; of a file that Transformers cannot be given, if it runs that file."""
    if facts.task not in backend.tasks:
        reason = f"it builds models for {', '.join(sorted(backend.tasks))}; this model is for {facts.task}"
        return Fit(framework=backend.name, works=False, reasons=(reason,))
    if facts.gguf and facts.gguf.unmapped and SourceKind.GGUF not in backend.runs:
        reason = f"it builds from the Transformers form of a model, but {facts.gguf.unmapped}"
        return Fit(framework=backend.name, works=False, reasons=(reason,))
    return backend.fit(facts)


def resolve(target: Target, host: HostFacts) -> Target:
    """``this-machine`` takes limits from this host, frameworks and strategy of the platform that it is."""
    if target.primary != "auto":
        return target
    like = knowledge.target(_kind(host))
    return replace(
        target,
        primary=like.primary,
        fallback=like.fallback,
        strategy=like.strategy,
        reason=like.reason,
        limits=Limits(memory_bytes=host.memory_bytes, storage_bytes=host.free_disk_bytes),
    )


def _kind(host: HostFacts) -> str:
    if host.system == "Darwin" and host.cpu.architecture == "arm64":
        return "apple-silicon"
    return "intel-cpu" if host.cpu.vendor == "GenuineIntel" else "cross-platform"


def measurable(target: Target, host: HostFacts) -> bool:
    """Whether this host can stand for the target."""
    conditions = target.measurable_on
    return bool(conditions) and (conditions == ("always",) or host.meets(conditions))


def memory(facts: ModelFacts, target: Target, context: int) -> tuple[MemoryEstimate, ...]:
    """Weights and one sequence's KV cache at each nominal precision: estimates, said so wherever they are shown."""
    return tuple(
        _estimate(name, bits, facts, target, context)
        for name, bits in knowledge.table("precisions")["precisions"].items()
    )


def _estimate(name: str, bits: float, facts: ModelFacts, target: Target, context: int) -> MemoryEstimate:
    weights = int(facts.parameters * bits / 8)
    cache = facts.kv_cache_bytes(context, 4.0 if name == "fp32" else 2.0)
    allowed, package = target.limits.memory_bytes, target.limits.package_bytes
    return MemoryEstimate(
        precision=name,
        bits_per_weight=bits,
        weight_bytes=weights,
        kv_cache_bytes=cache,
        context=context,
        fits_memory=None if allowed is None else weights + cache <= allowed,
        fits_package=None if package is None else weights <= package,
    )


def _role(name: str, target: Target) -> Role:
    if name == target.primary:
        return Role.PRIMARY
    if name == target.fallback:
        return Role.FALLBACK
    # A framework that joined by an entry point is in no table: it takes part wherever it can.
    foreign = name not in knowledge.table("frameworks")
    return Role.CANDIDATE if foreign or name in target.frameworks else Role.OTHER
