import os

import pytest

from edgewright.sites.local.cgroup import cpu_quota
from edgewright.sites.local.children import beats, child_environment, usable_cores


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        yield source, sink


def test_lines_come_as_they_are_and_silence_is_told(pipe):
    source, sink = pipe
    heard = beats(source, 0.01)
    assert next(heard) is None
    assert next(heard) is None
    sink.write(b"one\n")
    assert next(line for line in heard if line is not None) == b"one\n"
    sink.close()
    assert [line for line in heard if line is not None] == []


def test_children_are_told_how_many_threads_to_use():
    made = child_environment({})
    assert made["EDGEWRIGHT_THREADS"] == made["OMP_NUM_THREADS"] == str(usable_cores())


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.mark.parametrize(
    ("listed", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2.0),
        ("0::/a/b\n", {"a/cpu.max": "100000 100000\n", "a/b/cpu.max": "400000 100000\n"}, 1.0),
        ("0::/seen/from/outside\n", {"cpu.max": "300000 100000\n"}, 3.0),
        ("0::/\n", {}, None),
        (
            "3:cpu,cpuacct:/docker/x\n0::/\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "50000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
            0.5,
        ),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ],
)
def test_the_least_quota_of_a_group_and_those_above_counts(tmp_path, listed, files, cores):
    write(tmp_path, "listed", listed)
    for path, text in files.items():
        write(tmp_path / "root", path, text)
    assert cpu_quota(tmp_path / "root", tmp_path / "listed") == cores


def test_a_system_without_control_groups_has_no_quota(tmp_path):
    assert cpu_quota(tmp_path, tmp_path / "nothing") is None
