"""A package as its README and at a terminal."""

from __future__ import annotations

from rich.console import Console

from edgewright.core.decision.verdict import Outcome
from edgewright.core.measurement.quantity import METRICS, size
from edgewright.core.release.package import Package, Smoke
from edgewright.ports.packager import Packager
from edgewright.report.figures import figure
from edgewright.report.lines import say
from edgewright.report.sentences import sentence, verdict_sentence

_SIZES = ("download_bytes", "disk_bytes", "peak_bytes")
_SHOWN = (
    "accuracy_retained",
    "kl_divergence",
    "top1_agreement",
    "perplexity",
    "speedup",
    "decode_tok_s",
    "prefill_tok_s",
    "ttft_ms",
    "memory_cut",
)
_STYLES = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCONCLUSIVE: "yellow"}


def readme(package: Package, packager: Packager) -> str:
    """The page that travels with the package."""
    made = (
        f"{packager.title}. Made by edgewright {package.edgewright} from the build `{package.build}` "
        f"(key `{package.key}`)."
    )
    text = "\n".join(
        [
            f"# {package.name}",
            "",
            made,
            "",
            "## Use",
            "",
            packager.usage(package),
            "",
            "## Sizes and memory",
            "",
            "| | figure | limit | verdict |",
            "| --- | --- | --- | --- |",
            *(f"| {' | '.join(row)} |" for row in budget_rows(package)),
            "",
            *_measured(package),
            "## Checks",
            "",
            *(f"- {line}" for line in checks(package)),
            "",
            "`edgewright-package.json` has the digest of every file and all figures.",
            "",
        ]
    )
    return packager.page(package, text)


def _measured(package: Package) -> list[str]:
    """What the run measured and how its gates ended; nothing of a build without a run."""
    shown = [name for name in _SHOWN if name in package.values and package.values[name].value is not None]
    if not package.gates:
        return []
    lines = [
        "## Measured",
        "",
        f"On {package.device}, against the original model.",
        "",
        "| | value | samples |",
        "| --- | --- | --- |",
    ]
    for name in shown:
        value, metric = package.values[name], METRICS[name]
        unit = "" if metric.unit in {"1", "byte"} else f" {metric.unit}"
        lines.append(f"| {metric.title} | {figure(value, interval=True)}{unit} | {value.n} |")
    gates = [f"- {verdict.outcome}: {verdict_sentence(verdict)}" for verdict in package.gates]
    return [*lines, "", "Gates:", "", *gates, ""]


def budget_rows(package: Package) -> list[tuple[str, str, str, str]]:
    """Each size with its limit and verdict, where it has one."""
    verdicts = {verdict.gate.metric: verdict for verdict in package.budgets}
    names = dict.fromkeys([*(name for name in _SIZES if name in package.values), *verdicts])
    rows = []
    for name in names:
        verdict = verdicts.get(name)
        limit = size(verdict.gate.bound) if verdict else "none"
        shown = figure(package.values.get(name)) if name in package.values else "not measured"
        rows.append((METRICS[name].title, shown, limit, str(verdict.outcome) if verdict else "-"))
    return rows


def checks(package: Package) -> list[str]:
    """The smoke test, and what could not be tried."""
    smoke = package.smoke
    if smoke.outcome is Smoke.EQUAL:
        first = (
            f"Smoke test: the packaged files alone gave the same token ids as the build ({smoke.prompts} prompts, "
            f"{smoke.tokens} tokens each, toolchain {smoke.toolchain} {smoke.toolchain_digest[:12]})."
        )
    else:
        first = f"Smoke test not run: {sentence(smoke.reason)}."
    return [first, *(f"Not tried here: {sentence(reason)}." for reason in package.unverified)]


def show_package(console: Console, package: Package) -> None:
    """Where it lies, its sizes against their limits, and what was checked."""
    say(console, (package.name, "bold"), f" as {package.kind}: {package.directory}", soft_wrap=True)
    verdicts = {METRICS[v.gate.metric].title: v for v in package.budgets}
    for title, shown, limit, word in budget_rows(package):
        style = _STYLES[verdicts[title].outcome] if title in verdicts else ""
        say(
            console,
            f"  {title}: {shown}, limit {limit}: " if style else f"  {title}: {shown}",
            (word, style) if style else "",
        )
    for line in checks(package):
        say(console, f"  {line}")
    if package.reference:
        say(console, f"  manifest: {package.reference}")
