import os
import sys
from pathlib import Path

import pytest

from edgewright.worker.pages import read_anew

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process drop pages")


def _read_so_far() -> int:
    first = Path("/proc/self/io").read_text().splitlines()[0]
    return int(first.removeprefix("rchar: "))


@pytest.fixture
def dropped(monkeypatch):
    names = []
    real = os.posix_fadvise

    def posix_fadvise(descriptor, *how):
        assert how == (0, 0, os.POSIX_FADV_DONTNEED)
        names.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor, *how)

    monkeypatch.setattr(os, "posix_fadvise", posix_fadvise)
    return names


def test_every_file_of_a_build_is_dropped_and_read_to_its_end(tmp_path, dropped):
    (tmp_path / "more").mkdir()
    (tmp_path / "model.bin").write_bytes(b"x" * 3_000_001)
    (tmp_path / "more" / "tables.bin").write_bytes(b"y" * 70_000)
    before = _read_so_far()
    read_anew(tmp_path)
    assert dropped == ["model.bin", "tables.bin"]
    assert _read_so_far() - before >= 3_070_001
    assert (tmp_path / "model.bin").stat().st_size == 3_000_001


def test_a_build_of_one_file(tmp_path, dropped):
    (tmp_path / "model.gguf").write_bytes(b"x")
    read_anew(tmp_path / "model.gguf")
    assert dropped == ["model.gguf"]


def test_what_cannot_be_read_is_left_to_the_runtime(tmp_path, dropped):
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    read_anew(tmp_path)
    read_anew(tmp_path / "missing")
    assert dropped == []
