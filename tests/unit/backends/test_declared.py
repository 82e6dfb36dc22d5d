"""A toolchain is read from its folder: locks, halves, digests."""

import pytest

from edgewright.backends.declared import load_toolchain
from edgewright.core.device.toolchain import Half
from edgewright.errors import InputError

DECLARED = """name = "x"
title = "X"
worker = "w"
unsupported_reason = "no"
disk_bytes = 1
install_minutes = 1.0
supports = [{ system = "Linux" }]
"""
BUILD = "[build]\ndisk_bytes = 2\ninstall_minutes = 3.0\n"
PIN = "# Why.\na==1 \\\n    --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "toolchain.toml").write_text(DECLARED + BUILD)
    (tmp_path / "run.lock").write_text(PIN)
    (tmp_path / "build.lock").write_text(PIN.replace("a==", "b=="))
    return tmp_path


def test_a_build_half_stands_on_its_run_half(folder):
    run = load_toolchain(folder)
    assert run.of(Half.RUN) is run
    build = run.of(Half.BUILD)
    assert (build.full_name, build.disk_bytes, build.lock[:12]) == ("x-build", 2, "# Why.\nb==1 ")
    assert build.needs.digest == run.digest


def test_a_toolchain_without_a_build_half_builds_with_what_it_runs_with(folder):
    (folder / "toolchain.toml").write_text(DECLARED)
    (folder / "build.lock").unlink()
    run = load_toolchain(folder)
    assert run.of(Half.BUILD) is run


def test_the_run_halfs_digest_does_not_know_what_building_needs(folder):
    """So scores outlive a change of the build half, and builds do not outlive one of the run half."""
    before = load_toolchain(folder)
    (folder / "build.lock").write_text(PIN.replace("a==1", "b==2"))
    after = load_toolchain(folder)
    assert after.digest == before.digest
    assert after.builder.digest != before.builder.digest
    (folder / "run.lock").write_text(PIN.replace("a==1", "a==2"))
    assert load_toolchain(folder).digest != before.digest
    assert load_toolchain(folder).builder.digest != after.builder.digest


def test_a_comment_changes_no_digest(folder):
    before = load_toolchain(folder)
    (folder / "run.lock").write_text(PIN.replace("Why", "Because"))
    assert load_toolchain(folder).builder.digest == before.builder.digest


@pytest.mark.parametrize("gone", ["run.lock", "build.lock"])
def test_a_lock_that_is_missing_is_named(folder, gone):
    (folder / gone).unlink()
    with pytest.raises(InputError, match=gone):
        load_toolchain(folder)
