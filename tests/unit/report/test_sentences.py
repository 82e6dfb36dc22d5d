"""Every reason that the program can give has a sentence, with the values that the sentence names."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgewright
from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import Outcome, Verdict
from edgewright.reasons import Reason, because, told
from edgewright.report.sentences import sentence, sentences, templates, verdict_sentence

_ROOT = Path(edgewright.__file__).parent


def _calls() -> Iterator[tuple[str, str, set[str]]]:
    """Each reason in the source: where it is, the codes that it can have, and the names of its values."""
    for path in sorted(_ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "because":
                names = {keyword.arg or "**" for keyword in node.keywords}
                for code in ast.walk(node.args[0]):
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        yield f"{path.relative_to(_ROOT)}:{node.lineno}", code.value, names


def _fields(template: str) -> set[str]:
    parsed = [(field, spec) for _, field, spec, _ in string.Formatter().parse(template) if field]
    return {field for field, _ in parsed} | (
        {"metric"} if any(s == "of metric" for _, s in parsed) else set()
    )


def test_each_reason_in_the_source_has_a_sentence_with_its_values():
    wrong = [
        f"{where}: {code} {sorted(names)}"
        for where, code, names in _calls()
        if code not in templates() or (names and names != _fields(templates()[code]))
    ]
    assert not wrong


def test_each_sentence_is_used():
    assert set(templates()) == {code for _, code, _ in _calls()}


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (because("over_size", size=2e8, limit=1.5e8), "its weights would take about 200.0 MB, over the limit of 150.0 MB"),
        (because("measured", builds=3, failing=2, passing=("a/b",)), "3 builds were measured: 2 fail a gate, and a/b passes every gate"),
        (because("measured", builds=3, failing=3, passing=()), "3 builds were measured: 3 fail a gate, and none passes every gate"),
        (because("made_without", build="a/b", reason=because("base_failed", base="a/c")), "a/b failed, so other builds are made without it: its base build a/c failed"),
        (because("slow_by_size", metric="decode_tok_s", speed=40.0, bound=100.0), "40.0 tokens/s predicted from its size; the gate requires 100.0 tokens/s"),
        (told("[bold] {not a field}"), "[bold] {not a field}"),
        (Reason(code="of_a_later_version", values={"n": 3}), "of_a_later_version: n 3"),
        (None, ""),
    ],
)  # fmt: skip
def test_sentences(reason, text):
    assert sentence(reason) == text


def test_several_reasons_are_one_line():
    assert sentences([told("one"), told("two")], " and ") == "one and two"


def test_a_verdict_is_told_with_its_figure_its_interval_and_what_keeps_it_open():
    gate = Gate(metric="speedup", at_least=2.0)
    why = (because("interval_contains_bound"),)
    verdict = Verdict(gate=gate, outcome=Outcome.INCONCLUSIVE, value=2.1, ci_low=1.9, ci_high=2.3, why=why)
    assert verdict_sentence(verdict) == (
        "speedup 2.1 (gate >= 2), interval 1.9 to 2.3; the interval contains the bound: more data is "
        "needed for a verdict"
    )
