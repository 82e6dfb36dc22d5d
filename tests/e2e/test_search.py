"""A search from the command line, on a tiny model: a budget, reasons, predictions beside figures, and going on."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import UNGATED

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

SEARCH = (
    "--only=llamacpp/q*",
    "--tokens=128",
    "--window=64",
    "--min-accuracy=0",
    "--seed=3",
    "--max-ttft-ms=0.001",
    *UNGATED,
)
"""No build answers as soon as that, so none is confirmed, and nothing that a search looks at depends on it."""


def tried(run):
    waiting = {"untried", "auxiliary", "planned", "skipped"}
    return [t for t in run["trials"] if t["status"] not in waiting and not t["variant_of"]]


def test_a_search_keeps_its_budget_says_what_it_expected_and_goes_on_with_more(shared_shell, tiny):
    def search(trials):
        done = shared_shell.run(
            "optimize", tiny.path, *SEARCH, "--budget", f"{trials} trials", "--out", "search", "--json"
        )
        assert done.returncode == 10, done.stderr
        return json.loads(done.stdout)

    run = search(4)
    assert len(tried(run)) <= 4
    proposed = [t for t in tried(run) if t["predicted"]]
    assert proposed
    for trial in proposed:
        size = trial["predicted"]["size_bytes"]["value"]
        assert trial["values"]["size_bytes"]["value"] == pytest.approx(size, rel=0.05)
    left = [t for t in run["trials"] if t["status"] == "untried"]
    assert left
    assert all(t["reason"] for t in left)
    journal = shared_shell.folder / "search" / "journal.jsonl"
    rounds = journal.read_text().count('"event": "round"')
    again = search(6)
    # What was tried is found again, in its order; nothing is timed twice.
    assert [t["recipe"]["name"] for t in tried(again)][: len(proposed)]
    assert {t["recipe"]["name"] for t in tried(run)} <= {t["recipe"]["name"] for t in tried(again)}
    names = [
        json.dumps(json.loads(line)["of"])
        for line in journal.read_text().splitlines()
        if '"event": "round"' in line
    ]
    assert len(names) == len(set(names))
    assert len(names) >= rounds
