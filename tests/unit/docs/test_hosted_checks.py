"""What the hosted checks run is what a contributor can run."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text()


def test_the_hosted_checks_run_two_commands_of_the_makefile():
    assert re.findall(r"run: (make .*)", WORKFLOW) == ["make check test", "make demo"]


def test_every_action_is_pinned_and_may_only_read():
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+)*|[\w-]+/[\w-]+@[0-9a-f]{40}", name) for name in used)
    assert re.search(r"^permissions:\n  contents: read\n\n", WORKFLOW, re.MULTILINE)
    assert WORKFLOW.count("permissions:") == 1


def test_hooks_call_the_tools_of_the_environment_and_download_none():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"repo: (.*)", hooks) == ["local"]
    assert all(entry.startswith(".venv/bin/") for entry in re.findall(r"entry: (.*)", hooks))
