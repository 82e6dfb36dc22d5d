"""What lm-evaluation-harness' own ``hf`` model chooses, in float32 at batch 1: ``MODEL INCLUDE_PATH TASK`` in, JSON out."""

import json
import sys

from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager


def main() -> None:
    model, include_path, task = sys.argv[1:4]
    found = simple_evaluate(
        model="hf",
        model_args={"pretrained": model, "dtype": "float32", "device": "cpu"},
        tasks=[task],
        task_manager=TaskManager(include_path=include_path, include_defaults=False),
        batch_size=1,
        log_samples=True,
    )
    chosen = {}
    for row in found["samples"][task]:
        totals = [float(answer[0]) for answer in row["filtered_resps"]]
        chosen[str(row["doc"]["id"])] = max(range(len(totals)), key=totals.__getitem__)
    print("CHOSEN " + json.dumps(chosen))


if __name__ == "__main__":
    main()
