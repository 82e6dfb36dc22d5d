from pathlib import Path

import pytest
from docs import commands

ROOT = Path(__file__).resolve().parents[3]
MAKEFILE = "PYTHON ?= python3\nVENV := .venv\n.PHONY: demo\n\ndemo: ready\n\techo\n"


def sh(*lines: str) -> str:
    return "\n".join(["```sh", *lines, "```", ""])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("edgewright optimize model --min-speeed 2", "No such option"),
        ("edgewright optimise model", "No such command"),
        ("edgewright optimize", "Missing argument"),
        ("edgewright benchmark a --rounds many", "not a valid integer"),
        ("edgewright toolchain instal", "No such command"),
        ("edgewright --verbose doctor", "No such option"),
        ("EDGEWRIGHT_HOME=/data .venv/bin/edgewright doctor --ofline", "No such option"),
        ("edgewright doctor && edgewright show run --wide | head", "No such option"),
        ("make dmo", "no target dmo"),
        ("make demo PYTHN=python3.11", "no variable PYTHN"),
    ],
)
def test_a_command_that_would_be_refused_is_a_fault_with_its_reason(line, reason):
    (fault,) = commands.wrong_commands(sh(line), MAKEFILE)
    assert reason in fault


@pytest.mark.parametrize(
    "line",
    [
        "edgewright",
        "edgewright --version",
        "edgewright optimize --help",
        "edgewright --debug optimize model --policy gates.toml --prefer speed=2,accuracy=1 # a comment",
        "edgewright optimize model \\\n    --max-size 110MB",
        "edgewright generate build 'Is --this an option?'",
        "edgewright evaluate text build --json > scores.json",
        "PIP_NO_INDEX=1 edgewright toolchain install openvino onnx",
        "make PYTHON=python3.11 demo",
        "make -n demo",
        "git clone somewhere && cd there",
    ],
)
def test_a_command_that_parses_is_no_fault_and_prints_nothing(line, capsys):
    assert commands.wrong_commands(sh(line), MAKEFILE) == []
    assert capsys.readouterr().out == ""


def test_only_sh_blocks_are_commands():
    assert commands.wrong_commands("```text\nedgewright nonsense\n```\n", MAKEFILE) == []


def test_a_link_to_no_file_is_a_fault(tmp_path):
    (tmp_path / "there.md").touch()
    text = (
        'see [this](there.md#part), [that](gone.md), <img src="gone.svg"> and [the net](https://example.org)'
    )
    assert commands.dead_links(text, tmp_path) == [
        "the link gone.md leads nowhere",
        "the link gone.svg leads nowhere",
    ]


def test_links_in_code_and_within_the_page_are_left_alone(tmp_path):
    assert commands.dead_links("[up](#top), `[a](b.md)`\n```text\n[a](b.md)\n```\n", tmp_path) == []


def test_a_page_that_says_what_the_program_no_longer_says_is_stale():
    page = commands.filled(f"# Title\n{commands._BEGIN}\n{commands._END}\nProse.\n", "old help")
    assert commands.stale(page, "old help") == []
    (fault,) = commands.stale(page, "new help")
    assert "make docs" in fault


def test_filling_a_page_keeps_what_people_wrote_and_is_the_same_twice():
    page = f"# Title\n\n{commands._BEGIN}\nanything\n{commands._END}\n\nProse.\n"
    once = commands.filled(page, "help")
    assert once.startswith("# Title\n")
    assert once.endswith("\n\nProse.\n")
    assert commands.filled(once, "help") == once


def test_a_page_without_a_place_for_the_generated_part_is_a_fault():
    assert commands.stale("# Title\n", "help")


def test_help_is_as_wide_as_the_page_whatever_the_terminal(monkeypatch):
    wide = commands.commands_page()
    monkeypatch.setenv("COLUMNS", "40")
    assert commands.commands_page() == wide
    assert max(len(line) for line in wide.splitlines()) <= 100


def test_every_command_has_its_help_on_the_page():
    page = commands.commands_page()
    assert "\n## edgewright optimize\n" in page
    assert "\n## edgewright toolchain install\n" in page
    assert "--min-accuracy" in page


def test_faults_name_their_page(tmp_path):
    (tmp_path / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("[x](gone.md)\n", encoding="utf-8")
    found = commands.faults(tmp_path)
    assert "docs/page.md: the link gone.md leads nowhere" in found
    assert any(fault.startswith("docs/reference/commands.md: ") for fault in found)


def test_the_python_in_the_pages_uses_names_that_exist():
    """Each block compiles, and what it imports from edgewright is there."""
    blocks = [
        block
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for language, block in commands._FENCE.findall(page.read_text(encoding="utf-8"))
        if language == "python"
    ]
    assert blocks
    for block in blocks:
        compile(block, "page", "exec")
        imports = [
            line for line in block.splitlines() if line.startswith(("from edgewright", "import edgewright"))
        ]
        exec("\n".join(imports), {})  # noqa: S102  # our own pages
