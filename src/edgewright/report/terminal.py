"""Tables for people at a terminal.

Law: nothing is read as markup. Names, paths, reasons and log lines come from outside and may hold brackets.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from edgewright.core.decision.assessment import Assessment
from edgewright.core.decision.verdict import Outcome
from edgewright.core.device.host import HostFacts
from edgewright.core.device.toolchain import ToolchainState
from edgewright.core.measurement.quantity import size
from edgewright.core.run import Run, Status, Trial
from edgewright.report.answer import choice_lines, headline, notes, open_lines, steps
from edgewright.report.confirmation import show_confirmation
from edgewright.report.dropped import dropped
from edgewright.report.figures import figure
from edgewright.report.lines import WIDE_FROM, add_row, say, table_of
from edgewright.report.next_steps import next_steps
from edgewright.report.proof import proof_line
from edgewright.report.rows import COLUMNS, expectation, fewer_tokens, place_of, table, untried
from edgewright.report.sentences import sentence, sentences
from edgewright.report.statuses import ROLES

_COLORS = {"ok": "green", "warning": "yellow", "problem": "red"}
_NARROW = {"build", "size", "KL", "retained", "speedup", "memory", "verdict"}
_NARROW_FROM = 76
_NARROWEST = {"build", "size", "speedup", "verdict"}


def show_run(console: Console, run: Run) -> None:
    """The comparison, what fell out and why, the recommendation, the five stages."""
    console.print(_comparison(console, run))
    _conversions(console, run)
    console.print()
    say(console, (headline(run), "bold"))
    for line in open_lines(run):
        say(console, f"  - {line}")
    for line in choice_lines(run):
        say(console, f"  - {line}")
    show_confirmation(console, run)
    _stages(console, run)
    if left := untried(run):
        say(console, f"  {len(left)} more candidates were not built: {_why_untried(left)}")
    for note in notes(run):
        say(console, f"  note: {note}")
    if run.assessment.unverified:
        say(console, (f"  {sentence(run.assessment.unverified)}", "yellow"))
    _where(console, run)


def _why_untried(left: Sequence[Trial]) -> str:
    reasons = {sentence(trial.reason) for trial in left}
    return reasons.pop() if len(reasons) == 1 else "see run.json for the reasons"


def _comparison(console: Console, run: Run) -> Table:
    """All columns, or on a narrow terminal those that decide."""
    shape = table_of(console, f"{run.source.name} for {run.assessment.target.title}")
    few = _NARROW if console.width >= _NARROW_FROM else _NARROWEST
    shown = [title in few or console.width >= WIDE_FROM for title, _ in COLUMNS]
    for (title, side), show in zip(COLUMNS, shown, strict=True):
        if show:
            _comparison_column(shape, title, side)
    chosen = run.choice.chosen if run.choice else None
    for trial, row in table(run):
        if trial.status is Status.SKIPPED and trial.variant_of:
            continue  # a runtime option that did not help is part of the five stages' story
        best = "bold yellow" if run.provisional else "bold green"
        style = best if trial.id == chosen else "dim" if trial.outcome is Outcome.FAIL else ""
        add_row(
            shape,
            *(cell for cell, show in zip(row, shown, strict=True) if show),
            style=style,
        )
    return shape


def _comparison_column(table: Table, title: str, side: str) -> None:
    if title in {"build", "verdict"}:  # words: they wrap, and are never squeezed away
        table.add_column(title, overflow="fold", min_width=12)
    else:
        table.add_column(title, justify="right" if side == "right" else "left", no_wrap=True)


def _conversions(console: Console, run: Run) -> None:
    if line := proof_line(run.source):
        say(console, f"  {line}")
    for cross in run.cross_validation:
        told = (
            f"KL {cross.kl_divergence:.1e} (limit {cross.limit:.0e})"
            if cross.kl_divergence is not None
            else "no KL"
        )
        same = "same ids" if cross.tokenizer_equal else "other ids"
        word = ("equals the original", "green") if cross.equal else ("differs", "red")
        cause = "" if cross.equal else f": {sentences(cross.causes)}"
        start = f"  {cross.framework}: the unquantized conversion "
        say(console, start, word, f"{cause}; {told}, tokenizer {same}")
    for one in dropped(run):
        say(console, "  ", (one.name, "yellow"), f": {one.what}: {one.reason}")
    for trial in run.trials:
        if trial.scored_tokens is not None:
            say(console, f"  {trial.id}: {fewer_tokens(trial, run)}")
        if trial.predicted:
            say(console, f"  {trial.id}: {expectation(trial)}")


def _where(console: Console, run: Run) -> None:
    if run.best and run.best.artifact:
        say(console, f"  build:  {place_of(run, run.best)}", soft_wrap=True)
    say(console, f"  report: {run.directory}/report.html", soft_wrap=True)
    for purpose, command in next_steps(run):
        say(console, (f"  {purpose}: ", "dim"), command, soft_wrap=True)


def _stages(console: Console, run: Run) -> None:
    if not run.progressive:
        return
    table = table_of(console, "Step by step")
    for name in ("stage", "decode tok/s", "memory", "size", "KL", "change and effect"):
        table.add_column(name, justify="left" if name in {"stage", "change and effect"} else "right")
    for step, gained in steps(run):
        v = step.values
        told = f"{sentence(step.what)}{': ' if gained else ''}{gained}"
        keys = ("decode_tok_s", "peak_bytes", "size_bytes", "kl_divergence")
        add_row(table, step.stage, *(figure(v.get(key)) for key in keys), told)
    console.print(table)


def show_assessment(console: Console, a: Assessment) -> None:
    """Facts, memory, frameworks, strategy."""
    f = a.facts
    about = f"{f.architecture}, {f.task}, {f.parameters / 1e6:,.1f} M parameters ({f.dtype})"
    say(console, (a.model, "bold"), f": {about}")
    say(
        console,
        f"  {f.layers} layers, hidden {f.hidden_size}, {f.heads} heads of {f.head_size}, {f.kv_heads} KV heads, "
        f"vocabulary {f.vocabulary:,}, context {f.context:,}, embeddings {'tied' if f.tied_embeddings else 'not tied'}"
        + (f", {f.experts} experts" if f.experts else ""),
    )
    table = table_of(console, f"Estimated memory at {a.memory[0].context:,} tokens of context")
    for name in ("precision", "bits/weight", "weights", "KV cache", "total", f"fits {a.target.name}"):
        table.add_column(name, justify="left" if name == "precision" else "right")
    for m in a.memory:
        fits = (
            "no limit set"
            if m.fits_memory is None and m.fits_package is None
            else _fits(m.fits_memory, m.fits_package)
        )
        add_row(
            table,
            m.precision,
            f"{m.bits_per_weight:g}",
            f"~{size(m.weight_bytes)}",
            f"~{size(m.kv_cache_bytes)}",
            f"~{size(m.total_bytes)}",
            fits,
        )
    console.print(table)
    for ranked in a.frameworks:
        works = ranked.fit.works and ranked.toolchain_supported
        word = ("works", "green") if works else ("does not work here", "red")
        say(console, "  ", (ranked.fit.framework, "bold"), f" ({ROLES[ranked.role]}): ", word)
        for reason in (*ranked.fit.reasons, *ranked.fit.quantization_notes, ranked.toolchain_reason):
            if reason:
                say(console, f"    - {reason}")
    lead = ", ".join(a.strategy) or "no leading recipe"
    say(console, ("Strategy", "bold"), f" for {a.target.title}: {lead}; {sentence(a.reason)}")
    if a.unverified:
        say(console, (sentence(a.unverified), "yellow"))


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
    cores = f"{cpu.usable_cores} usable of {cpu.logical_cores} cores"
    say(console, (cpu.model, "bold"), f" ({cpu.architecture}), {cores}")
    say(console, f"  instruction sets: {', '.join(cpu.features) or 'none relevant'}")
    memory = f"{size(host.available_memory_bytes)} free of {size(host.memory_bytes)}"
    say(console, f"  memory {memory}, disk {size(host.free_disk_bytes)} free")
    system = f"{host.system} {host.release}, Python {host.python}"
    say(console, f"  {system}, virtualization: {host.virtualization}")
    mains = {
        True: "on mains",
        False: f"on battery ({host.power.battery_percent} %)",
        None: "no battery is reported",
    }
    hub = "reachable" if host.online else "not reachable"
    say(console, f"  power: {mains[host.power.on_mains]}; model hub: {hub}")
    for a in host.accelerators:
        memory = f", {size(a.memory_bytes)}" if a.memory_bytes else ""
        say(console, f"  {a.kind}: {a.name}{memory} (by {a.found_by})")
    if not host.accelerators:
        say(console, "  no GPU or NPU was found")
    say(console, ("Readiness to measure", "bold"))
    for finding in host.readiness:
        status = (f"{finding.status:8}", _COLORS[finding.status])
        say(console, "  ", status, f" {finding.check}: {finding.detail}")
        if finding.fix:
            say(console, f"           fix: {finding.fix}")
    show_toolchains(console, toolchains)


def show_toolchains(console: Console, states: tuple[ToolchainState, ...]) -> None:
    """Environments, with a fix for each that is not ready."""
    table = table_of(console, "Toolchains")
    for name in ("toolchain", "state", "disk", "versions, or the reason"):
        table.add_column(name, justify="right" if name == "disk" else "left")
    for s in states:
        state = (
            ("ready", "green")
            if s.ready
            else ("not installed", "yellow")
            if s.supported
            else ("unsupported", "red")
        )
        told = (
            ", ".join(f"{k} {v}" for k, v in s.versions.items())
            if s.ready
            else f"{s.reason.rstrip('.')}. {s.hint}".strip()
        )
        if s.ready and s.devices:
            told += f"; devices: {', '.join(s.devices)}"
        if s.unchecked:
            told += f"; not checked against a hash: {', '.join(s.unchecked)}"
        if s.ready and not s.verified_on_this_system:
            told += " (this system was not verified by edgewright's own tests)"
        if s.used_by:
            told += f" (optional: used by {s.used_by})"
        add_row(table, s.name, state, size(s.size_bytes) if s.size_bytes else "-", told)
    console.print(table)
