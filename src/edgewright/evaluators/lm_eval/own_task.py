"""A task set of ours as a task of lm-evaluation-harness: the same items, the same prompt, the same two accuracies."""

from __future__ import annotations

import json
from pathlib import Path

from edgewright.core.measurement.multiple_choice import TaskSet


def write_task(folder: Path, tasks: TaskSet, name: str) -> Path:
    """Write ``name.jsonl`` and ``name.yaml`` below ``folder``, which then is an ``--include-path``; the YAML's path.

    The harness reads a relative path of data from its own working directory, so the absolute one stands in the YAML.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = folder.resolve() / f"{name}.jsonl"
    rows = (
        {
            "id": item.id,
            "question": item.question,
            "choices": list(item.choices),
            "answer": item.answer,
            "category": item.category,
        }
        for item in tasks.items
    )
    data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    metrics = [
        {"metric": metric, "aggregation": "mean", "higher_is_better": True} for metric in ("acc", "acc_norm")
    ]
    task = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(data)}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "Question: {{question}}\nAnswer:",
        "doc_to_target": "answer",
        "doc_to_choice": "choices",
        "target_delimiter": " ",
        "metric_list": metrics,
        "metadata": {"version": 1.0},
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(task, indent=2) + "\n", encoding="utf-8")  # JSON is YAML
    return path
