"""``run.json``: version 3 of 2, in which reasons are codes with values instead of sentences."""

from __future__ import annotations

from edgewright.formats.reasons import all_told, told, with_reasons
from edgewright.formats.versioned import Document

_DERIVED = ("open: ", "the next best is ")
"""What a report says of a choice from its trials; it was written down at first."""

_NEEDS = {
    "a quieter host": "quiet_host",
    "a confirmation": "confirmation",
    "a consistent reading of memory": "memory",
    "the target's device": "device",
    "a figure": "figure",
}


def with_codes(document: Document) -> Document:
    """Version 3 of 2."""
    assessment = document["assessment"]
    trials = [_trial(trial) for trial in document["trials"]]
    choice = document.get("choice")
    changed = {
        "baseline": _trial(document["baseline"]),
        "trials": trials,
        "choice": _choice(choice, trials) if choice else None,
        "notes": all_told(document.get("notes", [])),
        "assessment": {
            **assessment,
            "reason": told(assessment["reason"]) or {"code": "told", "values": {"text": ""}},
            "unverified": told(assessment.get("unverified", "")),
            "frameworks": [_ranked(one) for one in assessment["frameworks"]],
        },
        "cross_validation": [_with_causes(cross) for cross in document.get("cross_validation", [])],
        "progressive": [_stage(step) for step in document.get("progressive", [])],
        "host": _host(document.get("host")),
        "profile": _profile(document.get("profile")),
    }
    return with_reasons({**document, **changed})  # type: ignore[no-any-return]  # a mapping stays one


def _ranked(one: Document) -> Document:
    return {**one, "role": "other" if one["role"] == "not for this target" else one["role"]}


def _trial(trial: Document) -> Document:
    return {
        **trial,
        "reason": told(trial.get("reason", "")),
        "doubts": {metric: told(text) for metric, text in trial.get("doubts", {}).items()},
        "verdicts": [_verdict(one, trial.get("values", {})) for one in trial.get("verdicts", [])],
    }


def _verdict(verdict: Document, values: Document) -> Document:
    """The figure came first in the sentence, and what kept it open after a semicolon."""
    rest = {name: value for name, value in verdict.items() if name != "reason"}
    value = values.get(verdict["gate"]["metric"], {})
    why = verdict["reason"].split("; ")[1:] if verdict["value"] is not None else [verdict["reason"]]
    bounds = {"ci_low": value.get("ci_low"), "ci_high": value.get("ci_high")}
    needs = _NEEDS.get(str(verdict.get("needs")), verdict.get("needs"))
    return {**rest, **bounds, "why": all_told(why), "needs": needs}


def _choice(choice: Document, trials: list[Document]) -> Document:
    nearest = choice.get("nearest_miss")
    verdicts: list[Document] = next((t["verdicts"] for t in trials if _id(t) == nearest), [])
    missed = [v for v in verdicts if v["outcome"] != "pass" and not v.get("excused")]
    open_gates = [_verdict(v, {}) for v in choice.get("open_gates", [])]
    reasons = [text for text in choice["reasons"] if not text.startswith(_DERIVED)]
    return {**choice, "reasons": all_told(reasons), "missed": missed, "open_gates": open_gates}


def _id(trial: Document) -> str:
    return f"{trial['recipe']['framework']}/{trial['recipe']['name']}"


def _with_causes(cross: Document) -> Document:
    rest = {name: value for name, value in cross.items() if name != "cause"}
    return {**rest, "causes": all_told([cross.get("cause", "")])}


def _stage(step: Document) -> Document:
    rest = {name: value for name, value in step.items() if name != "gained"}
    return {**rest, "what": told(step["what"]), "compared": bool(step.get("gained"))}


def _host(host: Document | None) -> Document | None:
    if host is None:
        return None
    rest = {name: value for name, value in host.items() if name not in {"reasons", "swung"}}
    causes = [all_told([text]) for text in host.get("reasons", [])]
    return {**rest, "causes": causes, "speed_only": host.get("swung", 0)}


def _profile(profile: Document | None) -> Document | None:
    if profile is None:
        return None
    roofline = profile["roofline"]
    bounds = {
        name: {**roofline[name], "reason": told(roofline[name].get("reason", ""))}
        for name in ("decode", "prefill")
    }
    limits = {
        name: {"limit": profile[name]["limit"], "figures": all_told([profile[name]["reason"]])}
        for name in ("decode", "prefill")
    }
    inconsistent = told(roofline.get("inconsistent", ""))
    return {**profile, **limits, "roofline": {**roofline, **bounds, "inconsistent": inconsistent}}
