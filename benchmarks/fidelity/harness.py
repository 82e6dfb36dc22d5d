"""Choices on our own task items beside lm-evaluation-harness with its own model, prompt building and tokenization."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.checks import Check, at_least
from benchmarks.lab import Lab
from edgewright import evaluators
from edgewright.api import evaluate_tasks
from edgewright.evaluators.lm_eval.own_task import write_task
from edgewright.inputs.task_items import read_tasks
from edgewright.sites.local.children import child_environment

_PROGRAM = Path(__file__).parent / "programs" / "hf_predictions.py"
_MORE = Path(__file__).parent / "lm_eval_hf.txt"
_OWN = "edgewright"


def compare(lab: Lab) -> list[Check]:
    """At least 99.5 % equal predictions."""
    tasks = read_tasks(_OWN)
    write_task(lab.folder / "tasks", tasks, "edgewright_own")
    environment = child_environment({"HF_DATASETS_CACHE": str(lab.folder / "datasets")})
    command = [_python(lab), _PROGRAM, lab.source.path, lab.folder / "tasks", "edgewright_own"]
    said = lab.run(command, environment)
    line = next(line for line in said.splitlines() if line.startswith("CHOSEN "))
    theirs: dict[str, int] = json.loads(line.removeprefix("CHOSEN "))
    (result,) = evaluate_tasks(lab.source.path, [_OWN], reporter=lab.reporter).results
    ours = {item.id: item.chosen for item in result.items}
    equal = sum(ours[name] == theirs[name] for name in theirs)
    note = f"{equal} of {len(theirs)} items; our accuracy {result.accuracy.value:.4f}"
    name = "equal choices: edgewright / lm-evaluation-harness (hf, float32, batch 1)"
    return [at_least(name, equal / len(theirs), 0.995, "share of items", note)]


def _python(lab: Lab) -> Path:
    """The Python of an environment with the harness, Transformers and PyTorch, made on first use."""
    root: Path = lab.home.root / "benchmarks" / "lm_eval_hf"
    python = root / "bin" / "python"
    if not (root / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(root)], check=True)
        lock = Path(evaluators.__file__).parent / "lm_eval" / "run.lock"
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "-r", str(lock.with_name("compile.lock"))], check=True)
        subprocess.run(
            [*pip, "--no-deps", "--no-build-isolation", "--use-pep517", "-r", str(lock)], check=True
        )
        subprocess.run([*pip, "-r", str(_MORE)], check=True)
        (root / "ready").touch()
    return python
