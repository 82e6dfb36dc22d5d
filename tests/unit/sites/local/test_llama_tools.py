import pytest

from edgewright.sites.local.llama_tools import find_tools, parse_version, tool_version


def install(folder, *names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_tools_are_looked_for_in_the_named_home_first(tmp_path):
    home = install(tmp_path / "home" / "bin", "llama-quantize", "libllama.so")
    other = install(tmp_path / "path", "llama-quantize", "libllama.so")
    found = find_tools({"LLAMA_CPP_HOME": str(tmp_path / "home")}, lambda _: str(other / "llama-quantize"))
    assert found == [home, other]


def test_tools_without_their_library_are_no_use(tmp_path):
    lone = install(tmp_path / "path", "llama-quantize")
    assert find_tools({}, lambda _: str(lone / "llama-quantize")) == []


@pytest.mark.parametrize(
    ("said", "build", "recent"),
    [
        ("version: 0.5.0-dev (build 11000, commit 0c1e570)", 11000, True),
        ("version: 0.5.1 (build 1, commit 0c1e570)", 1, True),
        ("version: 5581 (0c1e570)\nbuilt with gcc", 5581, False),
    ],
)
def test_versions_old_and_new_are_read(said, build, recent):
    version = parse_version(said)
    assert version is not None
    assert (version.build, version.recent) == (build, recent)


def test_tools_that_do_not_answer_have_no_version(tmp_path):
    folder = install(tmp_path / "path", "llama-quantize", "llama-bench", "libllama.so")

    def broken(command):
        raise OSError("cannot be started")

    assert tool_version(folder, broken) is None
    assert tool_version(folder, lambda _: "something else") is None
