"""Per-position loss by Transformers and PyTorch alone: ``MODEL IDS.json CONTEXT`` in, a JSON list out. No edgewright."""

import json
import sys

import torch
import transformers


def main() -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    with open(sys.argv[2], encoding="utf-8") as stream:  # noqa: PTH123
        ids = json.load(stream)
    context = int(sys.argv[3])
    losses: list[float] = []
    with torch.inference_mode():
        for start in range(0, len(ids), context):
            window = torch.tensor([ids[start : start + context]])
            logits = model(window).logits[0, :-1]
            losses += torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="none").tolist()
    print("LOSSES " + json.dumps(losses))


if __name__ == "__main__":
    main()
