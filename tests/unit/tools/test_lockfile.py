"""What a lock becomes when its requirements are resolved anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.lockfile import Change, changes, key_of, merged, read_requirements, rendered

from edgewright.core.device.lock import Pin, canonical, read_lock

LOCK = """# A toolchain.
# Its second line.
Jinja2==3.1.6
colorama==0.4.6 ; sys_platform == "win32"
mlx-cpu==0.32.4 ; platform_system == "Linux"
torch==2.13.0 ; sys_platform != "linux"
torch==2.13.0+cpu ; sys_platform == "linux"
typing_extensions==4.16.0
"""
RESOLVED = {
    "jinja2": "3.1.6",
    "mlx-cpu": "0.32.4",
    "torch": "2.13.0",
    "torch+cpu": "2.13.0+cpu",
    "typing-extensions": "4.16.0",
}
ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("src/edgewright/*/*/*.in"), *ROOT.glob("examples/*/src/*/*.in")])
RUN_LOCKS = [file.with_suffix(".lock") for file in FILES if file.stem == "run"]


def test_what_is_asked_for_and_what_nobody_gets():
    found = read_requirements(
        "# Why.\ntorch==2.13.0\nmlx[cpu]==0.32.4  # on Linux\n\nwithout torchvision==0.28.0\n"
    )
    assert found.asked == ("torch==2.13.0", "mlx[cpu]==0.32.4")
    assert found.without == {"torchvision": "0.28.0"}


def test_a_lock_keeps_its_order_spelling_and_markers():
    old = read_lock(LOCK)
    new = merged(old, {**RESOLVED, "jinja2": "3.2.0", "mlx-cpu": "0.33.0"})
    assert [pin.name for pin in new] == [pin.name for pin in old]
    assert [pin.marker for pin in new] == [pin.marker for pin in old]
    assert changes(old, new) == (
        Change(package="Jinja2", old="3.1.6", new="3.2.0"),
        Change(package="mlx-cpu", old="0.32.4", new="0.33.0"),
    )


def test_a_package_that_nothing_asks_for_goes_and_a_new_one_stands_by_its_name():
    old = read_lock("a==1\nc==1\n")
    new = merged(old, {"b": "2", "c": "1", "d": "3"})
    assert [(pin.name, pin.version) for pin in new] == [("b", "2"), ("c", "1"), ("d", "3")]
    assert [(one.package, one.old, one.new) for one in changes(old, new)] == [
        ("a", "1", ""),
        ("b", "", "2"),
        ("d", "", "3"),
    ]


def test_pytorchs_cpu_build_stands_beside_the_one_of_other_systems():
    new = merged((), {"torch": "3.0", "torch+cpu": "3.0+cpu"})
    assert {(pin.version, pin.marker) for pin in new} == {
        ("3.0", 'sys_platform != "linux"'),
        ("3.0+cpu", 'sys_platform == "linux"'),
    }


def test_what_is_written_is_read_back():
    pins = (
        Pin(name="a", version="1", hashes=("0" * 64, "1" * 64)),
        Pin(name="b", version="2", marker='sys_platform == "win32"', hashes=("2" * 64,)),
    )
    text = rendered("# Why.\nold==1\n", pins, ["b"])
    assert text.startswith("# Why.\n--only-binary :all:\n--no-binary b\na==1 \\\n    --hash=sha256:000")
    assert read_lock(text) == pins


def test_files_that_the_index_got_meanwhile_are_a_change():
    old = (Pin(name="a", version="1", hashes=("0" * 64,)),)
    new = (Pin(name="a", version="1", hashes=("0" * 64, "1" * 64)),)
    assert changes(old, new) == (Change(package="a", old="1 files", new="2 files"),)
    assert changes(new, new) == ()


def test_a_line_that_is_no_pin_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        read_lock("a==1\nb>=2\n")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_lock_holds_what_its_requirements_pin_with_hashes(file):
    pins = read_lock(file.with_suffix(".lock").read_text(encoding="utf-8"))
    held = {canonical(pin.name): pin.version.removesuffix("+cpu") for pin in pins}
    requirements = read_requirements(file.read_text(encoding="utf-8"))
    for asked in requirements.asked:
        name, _, version = asked.partition("==")
        known = held[canonical(re.split(r"[\[<>]", name)[0])]
        assert version in {"", known}, asked
    assert not held.keys() & requirements.without.keys()
    assert all(requirements.without.values())
    assert all(pin.hashes for pin in pins)
    assert len({key_of(pin) for pin in pins}) == len(pins)


@pytest.mark.parametrize("file", RUN_LOCKS, ids=lambda file: file.parent.name)
def test_no_run_half_but_the_references_holds_pytorch(file):
    names = {canonical(pin.name) for pin in read_lock(file.read_text(encoding="utf-8"))}
    assert ("torch" in names) == (file.parent.name == "torch")


def test_pytorch_on_linux_is_the_cpu_build_in_every_lock():
    for file in FILES:
        pins = read_lock(file.with_suffix(".lock").read_text(encoding="utf-8"))
        found = {pin.version.partition("+")[2]: pin.marker for pin in pins if pin.name == "torch"}
        assert found in ({}, {"": 'sys_platform != "linux"', "cpu": 'sys_platform == "linux"'}), file
