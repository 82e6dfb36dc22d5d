"""What else the host does is read for the cores that a process may use."""

from __future__ import annotations

import os

from edgewright.worker import host

STAT = """cpu  1000 0 600 9000 0 0 0 40 0 0
cpu0 700 0 500 2000 0 0 0 10 0 0
cpu1 300 0 100 7000 0 0 0 30 0 0
cpu10 9000 0 0 0 0 0 0 0 0 0
intr 1 2 3
"""


def test_cores_of_others_are_not_counted(monkeypatch):
    monkeypatch.setattr(host, "_read", lambda path: STAT)
    tick = os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(host, "_CORES", frozenset({1}))
    assert host._cpu_times() == (400 / tick, 30 / tick)
    monkeypatch.setattr(host, "_CORES", frozenset({0, 1}))
    assert host._cpu_times() == (1600 / tick, 40 / tick)


def test_a_system_that_does_not_tell_is_not_guessed(monkeypatch):
    monkeypatch.setattr(host, "_read", lambda path: "")
    assert host._cpu_times() == (None, None)
