"""What a lock becomes when its requirements are resolved anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.lockfile import Change, canonical, read_requirements, updated

LOCK = """# A toolchain.
# Its second line.
Jinja2==3.1.6
colorama==0.4.6 ; sys_platform == "win32"
mlx-cpu==0.32.4; platform_system == "Linux"
torch==2.13.0
typing_extensions==4.16.0
"""
SOURCES = Path(__file__).parents[3] / "src" / "edgewright"
FOLDERS = sorted(file.parent for file in SOURCES.glob("*/*/requirements.lock"))


def test_what_is_asked_for_and_what_nobody_gets():
    found = read_requirements(
        "# Why.\ntorch==2.13.0\nmlx[cpu]==0.32.4  # on Linux\n\nwithout torchvision==0.28.0\n"
    )
    assert found.asked == ("torch==2.13.0", "mlx[cpu]==0.32.4")
    assert found.without == {"torchvision": "0.28.0"}


def test_a_lock_keeps_its_comments_order_spelling_and_markers():
    resolved = {"jinja2": "3.2.0", "mlx-cpu": "0.33.0", "torch": "2.13.0", "typing-extensions": "4.16.0"}
    text, changes = updated(LOCK, resolved)
    assert text == LOCK.replace("3.1.6", "3.2.0").replace("0.32.4", "0.33.0")
    assert changes == (
        Change(package="Jinja2", old="3.1.6", new="3.2.0"),
        Change(package="mlx-cpu", old="0.32.4", new="0.33.0"),
    )


def test_a_package_that_nothing_asks_for_goes_and_a_new_one_stands_by_its_name():
    text, changes = updated("# One.\na==1\nc==1\n", {"b": "2", "c": "1", "d": "3"})
    assert text == "# One.\nb==2\nc==1\nd==3\n"
    assert [(one.package, one.old, one.new) for one in changes] == [
        ("a", "1", ""),
        ("b", "", "2"),
        ("d", "", "3"),
    ]


def test_what_is_resolved_as_it_was_changes_nothing():
    resolved = {"jinja2": "3.1.6", "mlx-cpu": "0.32.4", "torch": "2.13.0", "typing-extensions": "4.16.0"}
    assert updated(LOCK, resolved) == (LOCK, ())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_lock_holds_what_its_requirements_pin(folder):
    lock = (folder / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = dict(
        line.partition(";")[0].strip().split("==") for line in lock if "==" in line and line[0] != "#"
    )
    held = {canonical(name): version for name, version in pins.items()}
    requirements = read_requirements((folder / "requirements.in").read_text(encoding="utf-8"))
    for asked in requirements.asked:
        name, _, version = asked.partition("==")
        known = held[canonical(re.split(r"[\[<>]", name)[0])]
        assert version in {"", known}, asked
    assert not held.keys() & requirements.without.keys()
    assert all(requirements.without.values())
