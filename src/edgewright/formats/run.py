"""The versions of ``run.json``.

1  As it was first written. ``workload`` had ``requests``, ``warmup``, ``limit_s`` and ``min_latencies`` at first.
2  The manifests in it are of version 2, ``workload`` is the shape of a request only, a trial's ``status`` is a code, and
   ``scored_tokens`` holds what a note said in words.
3  Reasons are codes with values. Sentences of earlier versions stay as the code ``told``; of a verdict's, the figure and
   the interval became fields. What a stage gained is no longer written: its values say it.
"""

from __future__ import annotations

import re

from edgewright.core.run import RUN_VERSION
from edgewright.formats.manifest import MANIFEST
from edgewright.formats.run_reasons import with_codes
from edgewright.formats.versioned import Document, Format

_SHAPE = ("name", "prompt_tokens", "decode_tokens", "concurrency")


_STATUS = {
    "conversion broken": "broken",
    "toolchain unavailable": "unavailable",
    "refuted on held-out text": "refuted",
    "made for others": "auxiliary",
    "not tried": "untried",
}
_SCORED_ON = re.compile(r"scored on the first (\d+) of \d+ tokens")


def _codes(document: Document) -> Document:
    """Version 2 of 1."""
    workload = document["workload"]
    return {
        **document,
        "workload": {key: workload[key] for key in _SHAPE if key in workload},
        "trials": [_trial(trial) for trial in document["trials"]],
    }


def _trial(trial: Document) -> Document:
    notes = trial.get("notes", [])
    told = [found for note in notes if (found := _SCORED_ON.match(note))]
    return {
        **trial,
        "status": _STATUS.get(trial["status"], trial["status"]),
        "notes": [note for note in notes if not _SCORED_ON.match(note)],
        "scored_tokens": int(told[0][1]) if told else None,
    }


def _manifests(document: Document) -> Document:
    """The manifest of each build, which has a version of its own."""
    return {
        **document,
        "baseline": _with_manifest(document["baseline"]),
        "trials": [_with_manifest(trial) for trial in document["trials"]],
    }


def _with_manifest(trial: Document) -> Document:
    artifact = trial.get("artifact")
    if artifact is None:
        return trial
    manifest = MANIFEST.upgrade(artifact["manifest"], "A manifest in the run record")
    return {**trial, "artifact": {**artifact, "manifest": manifest}}


RUN = Format(title="run record", version=RUN_VERSION, steps={1: _codes, 2: with_codes}, parts=_manifests)
