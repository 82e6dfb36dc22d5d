"""Tables for people at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from edgewright.core.assessment import Assessment
from edgewright.core.host import HostFacts
from edgewright.core.run import Run, Status
from edgewright.core.toolchain import ToolchainState
from edgewright.core.verdict import Outcome
from edgewright.report.figures import figure, size
from edgewright.report.rows import COLUMNS, cells, headline, ordered, place_of

_COLORS = {"ok": "green", "warning": "yellow", "problem": "red"}


def show_run(console: Console, run: Run) -> None:
    """The comparison, what fell out and why, the recommendation, the five stages."""
    console.print(_comparison(run))
    _conversions(console, run)
    console.print()
    console.print(f"[bold]{headline(run)}[/]", highlight=False)
    for reason in run.choice.reasons if run.choice else ():
        console.print(f"  - {reason}", highlight=False)
    for missed in run.choice.missed if run.choice else ():
        console.print(f"  - it missed: {missed}", highlight=False)
    _stages(console, run)
    for note in (*run.source.notes, *run.notes):
        console.print(f"  note: {note}", highlight=False)
    if run.assessment.unverified:
        console.print(f"  [yellow]{run.assessment.unverified}[/]")
    _where(console, run)


def _comparison(run: Run) -> Table:
    table = Table(title=f"{run.source.name} for {run.assessment.target.title}", title_justify="left")
    for title, side in COLUMNS:
        table.add_column(title, justify="right" if side == "right" else "left", no_wrap=title != "verdict")
    chosen = run.choice.chosen if run.choice else None
    for trial in ordered(run):
        if trial.status is Status.SKIPPED and "+" in trial.id:
            continue  # a runtime option that did not help is part of the five stages' story
        style = "bold green" if trial.id == chosen else "dim" if trial.outcome is Outcome.FAIL else ""
        table.add_row(*cells(trial), style=style)
    return table


def _conversions(console: Console, run: Run) -> None:
    for cross in run.cross_validation:
        told = (
            f"KL {cross.kl_divergence:.1e} (limit {cross.limit:.0e})"
            if cross.kl_divergence is not None
            else "no KL"
        )
        same = "same ids" if cross.tokenizer_equal else "other ids"
        word = "[green]equals the original[/]" if cross.equal else f"[red]differs[/]: {cross.cause}"
        console.print(f"  {cross.framework}: the unquantized conversion {word}; {told}, tokenizer {same}")
    for trial in run.trials:
        if trial.reason and trial.status is not Status.MEASURED and "+" not in trial.id:
            console.print(f"  [yellow]{trial.id}[/]: {trial.status}: {trial.reason}", highlight=False)
        for note in trial.notes:
            if note.startswith("scored on"):
                console.print(f"  {trial.id}: {note}", highlight=False)


def _where(console: Console, run: Run) -> None:
    if run.best and run.best.artifact:
        console.print(f"  build:  {place_of(run, run.best)}", highlight=False, soft_wrap=True)
    console.print(f"  report: {run.directory}/report.html", highlight=False, soft_wrap=True)


def _stages(console: Console, run: Run) -> None:
    if not run.progressive:
        return
    table = Table(title="Step by step", title_justify="left")
    for name in ("stage", "decode tok/s", "memory", "size", "KL", "what it is, and what it gained or cost"):
        table.add_column(name, justify="right" if name != "stage" and not name.startswith("what") else "left")
    for step in run.progressive:
        v = step.values
        told = f"{step.what}{': ' if step.gained else ''}{step.gained}"
        keys = ("decode_tok_s", "peak_bytes", "size_bytes", "kl_divergence")
        table.add_row(step.stage, *(figure(v.get(key)) for key in keys), told)
    console.print(table)


def show_assessment(console: Console, a: Assessment) -> None:
    """Facts, memory, frameworks, strategy."""
    f = a.facts
    console.print(
        f"[bold]{a.model}[/]: {f.architecture}, {f.task}, {f.parameters / 1e6:,.1f} M parameters ({f.dtype})"
    )
    console.print(
        f"  {f.layers} layers, hidden {f.hidden_size}, {f.heads} heads of {f.head_size}, {f.kv_heads} KV heads, "
        f"vocabulary {f.vocabulary:,}, context {f.context:,}, embeddings {'tied' if f.tied_embeddings else 'not tied'}"
        + (f", {f.experts} experts" if f.experts else "")
    )
    table = Table(
        title=f"Estimated memory at {a.memory[0].context:,} tokens of context", title_justify="left"
    )
    for name in ("precision", "bits/weight", "weights", "KV cache", "together", f"fits {a.target.name}"):
        table.add_column(name, justify="left" if name == "precision" else "right")
    for m in a.memory:
        fits = (
            "no limit set"
            if m.fits_memory is None and m.fits_package is None
            else _fits(m.fits_memory, m.fits_package)
        )
        table.add_row(
            m.precision,
            f"{m.bits_per_weight:g}",
            f"~{size(m.weight_bytes)}",
            f"~{size(m.kv_cache_bytes)}",
            f"~{size(m.total_bytes)}",
            fits,
        )
    console.print(table)
    for ranked in a.frameworks:
        word = (
            "[green]works[/]"
            if ranked.fit.works and ranked.toolchain_supported
            else "[red]does not work here[/]"
        )
        console.print(f"  [bold]{ranked.fit.framework}[/] ({ranked.role}): {word}", highlight=False)
        for reason in (*ranked.fit.reasons, *ranked.fit.quantization_notes, ranked.toolchain_reason):
            if reason:
                console.print(f"    - {reason}", highlight=False)
    lead = ", ".join(a.strategy) or "no recipe leads"
    console.print(f"[bold]Strategy[/] for {a.target.title}: {lead}; {a.reason}", highlight=False)
    if a.unverified:
        console.print(f"[yellow]{a.unverified}[/]", highlight=False)


def _fits(memory: bool | None, package: bool | None) -> str:  # noqa: FBT001  # two answers of an estimate
    words = []
    if memory is not None:
        words.append("memory yes" if memory else "memory no")
    if package is not None:
        words.append("package yes" if package else "package no")
    return ", ".join(words)


def show_host(console: Console, host: HostFacts, toolchains: tuple[ToolchainState, ...]) -> None:
    """The doctor's findings."""
    cpu = host.cpu
    console.print(
        f"[bold]{cpu.model}[/] ({cpu.architecture}), {cpu.usable_cores} usable of {cpu.logical_cores} cores"
    )
    console.print(
        f"  instruction sets: {', '.join(cpu.features) or 'none that matter here'}", highlight=False
    )
    console.print(
        f"  memory {size(host.available_memory_bytes)} free of {size(host.memory_bytes)}, disk {size(host.free_disk_bytes)} free"
    )
    console.print(
        f"  {host.system} {host.release}, Python {host.python}, virtualization: {host.virtualization}"
    )
    mains = {
        True: "on mains",
        False: f"on battery ({host.power.battery_percent} %)",
        None: "no battery is reported",
    }
    console.print(
        f"  power: {mains[host.power.on_mains]}; model hub: {'reachable' if host.online else 'not reachable'}"
    )
    for a in host.accelerators:
        memory = f", {size(a.memory_bytes)}" if a.memory_bytes else ""
        console.print(f"  {a.kind}: {a.name}{memory} (by {a.found_by})", highlight=False)
    if not host.accelerators:
        console.print("  no GPU or NPU was found")
    console.print("[bold]Readiness to measure[/]")
    for finding in host.readiness:
        color = _COLORS[finding.status]
        console.print(f"  [{color}]{finding.status:8}[/] {finding.check}: {finding.detail}", highlight=False)
        if finding.fix:
            console.print(f"           fix: {finding.fix}", highlight=False)
    show_toolchains(console, toolchains)


def show_toolchains(console: Console, states: tuple[ToolchainState, ...]) -> None:
    """Environments, with a fix for each that is not ready."""
    table = Table(title="Toolchains", title_justify="left")
    for name in ("toolchain", "state", "disk", "versions, or the reason"):
        table.add_column(name, justify="right" if name == "disk" else "left")
    for s in states:
        state = (
            "[green]ready[/]"
            if s.ready
            else "[yellow]not installed[/]"
            if s.supported
            else "[red]unsupported[/]"
        )
        told = (
            ", ".join(f"{k} {v}" for k, v in s.versions.items())
            if s.ready
            else f"{s.reason}. {s.hint}".strip()
        )
        if s.ready and s.devices:
            told += f"; devices: {', '.join(s.devices)}"
        if s.ready and not s.verified_on_this_system:
            told += " (this system was not verified by edgewright's own tests)"
        table.add_row(s.name, state, size(s.size_bytes) if s.size_bytes else "-", told)
    console.print(table)
