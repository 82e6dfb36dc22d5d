"""Tables for people at a terminal.

Law: nothing is read as markup. Names, paths, reasons and log lines come from outside and may hold brackets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgewright.core.assessment import Assessment
from edgewright.core.host import HostFacts
from edgewright.core.quantity import METRICS, Value
from edgewright.core.run import Run, Status
from edgewright.core.toolchain import ToolchainState
from edgewright.core.verdict import Outcome
from edgewright.report.figures import figure, size
from edgewright.report.rows import COLUMNS, cells, headline, ordered, place_of

_COLORS = {"ok": "green", "warning": "yellow", "problem": "red"}
_WIDE_FROM = 140
"""Columns of a terminal from which the whole comparison can be read."""
_NARROW = {"build", "size", "KL", "retained", "speedup", "memory", "verdict"}
_NARROW_FROM = 76
_NARROWEST = {"build", "size", "speedup", "verdict"}
_TIMED = (
    "decode_tok_s",
    "prefill_tok_s",
    "ttft_ms",
    "itl_p50_ms",
    "itl_p95_ms",
    "load_s",
    "peak_bytes",
    "speedup",
    "memory_cut",
)
_TIMED_NARROW = {"decode_tok_s", "ttft_ms", "peak_bytes", "speedup"}


def _say(console: Console, *parts: str | tuple[str, str], soft_wrap: bool = False) -> None:
    """One line of plain parts and (text, style) pairs."""
    console.print(Text.assemble(*parts), soft_wrap=soft_wrap)


def _table(console: Console, title: str) -> Table:
    """Without lines between columns where there is no room for them."""
    shape = box.HEAVY_HEAD if console.width >= _WIDE_FROM else box.SIMPLE_HEAD
    wide = shape is box.HEAVY_HEAD
    return Table(
        title=Text(title, style="italic"),
        title_justify="left",
        box=shape,
        show_edge=wide,
        pad_edge=wide,
        collapse_padding=not wide,
    )


def _row(table: Table, *row: str | tuple[str, str], style: str = "") -> None:
    table.add_row(*(Text.assemble(cell) for cell in row), style=style)


def show_run(console: Console, run: Run) -> None:
    """The comparison, what fell out and why, the recommendation, the five stages."""
    console.print(_comparison(console, run))
    _conversions(console, run)
    console.print()
    _say(console, (headline(run), "bold"))
    for reason in run.choice.reasons if run.choice else ():
        _say(console, f"  - {reason}")
    for missed in run.choice.missed if run.choice else ():
        _say(console, f"  - it missed: {missed}")
    _stages(console, run)
    for note in (*run.source.notes, *run.notes):
        _say(console, f"  note: {note}")
    if run.assessment.unverified:
        _say(console, (f"  {run.assessment.unverified}", "yellow"))
    _where(console, run)


def _comparison(console: Console, run: Run) -> Table:
    """All columns, or on a narrow terminal those that decide."""
    table = _table(console, f"{run.source.name} for {run.assessment.target.title}")
    few = _NARROW if console.width >= _NARROW_FROM else _NARROWEST
    shown = [title in few or console.width >= _WIDE_FROM for title, _ in COLUMNS]
    for (title, side), show in zip(COLUMNS, shown, strict=True):
        if show:
            _comparison_column(table, title, side)
    chosen = run.choice.chosen if run.choice else None
    for trial in ordered(run):
        if trial.status is Status.SKIPPED and "+" in trial.id:
            continue  # a runtime option that did not help is part of the five stages' story
        style = "bold green" if trial.id == chosen else "dim" if trial.outcome is Outcome.FAIL else ""
        _row(
            table,
            *(cell for cell, show in zip(cells(trial), shown, strict=True) if show),
            style=style,
        )
    return table


def _comparison_column(table: Table, title: str, side: str) -> None:
    if title in {"build", "verdict"}:  # words: they wrap, and are never squeezed away
        table.add_column(title, overflow="fold", min_width=12)
    else:
        table.add_column(title, justify="right" if side == "right" else "left", no_wrap=True)


def _conversions(console: Console, run: Run) -> None:
    for cross in run.cross_validation:
        told = (
            f"KL {cross.kl_divergence:.1e} (limit {cross.limit:.0e})"
            if cross.kl_divergence is not None
            else "no KL"
        )
        same = "same ids" if cross.tokenizer_equal else "other ids"
        word = ("equals the original", "green") if cross.equal else ("differs", "red")
        cause = "" if cross.equal else f": {cross.cause}"
        start = f"  {cross.framework}: the unquantized conversion "
        _say(console, start, word, f"{cause}; {told}, tokenizer {same}")
    for trial in run.trials:
        if trial.reason and trial.status is not Status.MEASURED and "+" not in trial.id:
            _say(console, "  ", (trial.id, "yellow"), f": {trial.status}: {trial.reason}")
        for note in trial.notes:
            if note.startswith("scored on"):
                _say(console, f"  {trial.id}: {note}")


def _where(console: Console, run: Run) -> None:
    if run.best and run.best.artifact:
        _say(console, f"  build:  {place_of(run, run.best)}", soft_wrap=True)
    _say(console, f"  report: {run.directory}/report.html", soft_wrap=True)


def _stages(console: Console, run: Run) -> None:
    if not run.progressive:
        return
    table = _table(console, "Step by step")
    for name in ("stage", "decode tok/s", "memory", "size", "KL", "what it is, and what it gained or cost"):
        table.add_column(name, justify="right" if name != "stage" and not name.startswith("what") else "left")
    for step in run.progressive:
        v = step.values
        told = f"{step.what}{': ' if step.gained else ''}{step.gained}"
        keys = ("decode_tok_s", "peak_bytes", "size_bytes", "kl_divergence")
        _row(table, step.stage, *(figure(v.get(key)) for key in keys), told)
    console.print(table)


def show_assessment(console: Console, a: Assessment) -> None:
    """Facts, memory, frameworks, strategy."""
    f = a.facts
    about = f"{f.architecture}, {f.task}, {f.parameters / 1e6:,.1f} M parameters ({f.dtype})"
    _say(console, (a.model, "bold"), f": {about}")
    _say(
        console,
        f"  {f.layers} layers, hidden {f.hidden_size}, {f.heads} heads of {f.head_size}, {f.kv_heads} KV heads, "
        f"vocabulary {f.vocabulary:,}, context {f.context:,}, embeddings {'tied' if f.tied_embeddings else 'not tied'}"
        + (f", {f.experts} experts" if f.experts else ""),
    )
    table = _table(console, f"Estimated memory at {a.memory[0].context:,} tokens of context")
    for name in ("precision", "bits/weight", "weights", "KV cache", "together", f"fits {a.target.name}"):
        table.add_column(name, justify="left" if name == "precision" else "right")
    for m in a.memory:
        fits = (
            "no limit set"
            if m.fits_memory is None and m.fits_package is None
            else _fits(m.fits_memory, m.fits_package)
        )
        _row(
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
        _say(console, "  ", (ranked.fit.framework, "bold"), f" ({ranked.role}): ", word)
        for reason in (*ranked.fit.reasons, *ranked.fit.quantization_notes, ranked.toolchain_reason):
            if reason:
                _say(console, f"    - {reason}")
    lead = ", ".join(a.strategy) or "no recipe leads"
    _say(console, ("Strategy", "bold"), f" for {a.target.title}: {lead}; {a.reason}")
    if a.unverified:
        _say(console, (a.unverified, "yellow"))


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
    _say(console, (cpu.model, "bold"), f" ({cpu.architecture}), {cores}")
    _say(console, f"  instruction sets: {', '.join(cpu.features) or 'none that matter here'}")
    memory = f"{size(host.available_memory_bytes)} free of {size(host.memory_bytes)}"
    _say(console, f"  memory {memory}, disk {size(host.free_disk_bytes)} free")
    system = f"{host.system} {host.release}, Python {host.python}"
    _say(console, f"  {system}, virtualization: {host.virtualization}")
    mains = {
        True: "on mains",
        False: f"on battery ({host.power.battery_percent} %)",
        None: "no battery is reported",
    }
    hub = "reachable" if host.online else "not reachable"
    _say(console, f"  power: {mains[host.power.on_mains]}; model hub: {hub}")
    for a in host.accelerators:
        memory = f", {size(a.memory_bytes)}" if a.memory_bytes else ""
        _say(console, f"  {a.kind}: {a.name}{memory} (by {a.found_by})")
    if not host.accelerators:
        _say(console, "  no GPU or NPU was found")
    _say(console, ("Readiness to measure", "bold"))
    for finding in host.readiness:
        status = (f"{finding.status:8}", _COLORS[finding.status])
        _say(console, "  ", status, f" {finding.check}: {finding.detail}")
        if finding.fix:
            _say(console, f"           fix: {finding.fix}")
    show_toolchains(console, toolchains)


def show_toolchains(console: Console, states: tuple[ToolchainState, ...]) -> None:
    """Environments, with a fix for each that is not ready."""
    table = _table(console, "Toolchains")
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
        if s.ready and not s.verified_on_this_system:
            told += " (this system was not verified by edgewright's own tests)"
        _row(table, s.name, state, size(s.size_bytes) if s.size_bytes else "-", told)
    console.print(table)


def show_benchmark(console: Console, arms: Sequence[tuple[str, Mapping[str, Value]]], *, rounds: int) -> None:
    """Builds side by side: names with their values by metric, the first one the yardstick."""
    table = _table(console, f"{rounds} interleaved rounds; speedup and memory cut against the first")
    table.add_column("build", overflow="fold", min_width=12)
    shown = [name for name in _TIMED if name in _TIMED_NARROW or console.width >= _WIDE_FROM]
    for name in shown:
        unit = METRICS[name].unit
        told = f" ({unit})" if unit not in {"1", "byte"} else ""
        table.add_column(f"{METRICS[name].title}{told}", justify="right")
    for arm, values in arms:
        _row(table, arm, *(figure(values.get(name)) for name in shown))
    console.print(table)
