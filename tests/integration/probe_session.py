"""Run in a framework's own environment: opens a session there and writes down what it does.

A request is a JSON object on standard input; the answer is ``answer.json`` and ``logits.npy`` in its ``out``.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np


def load_edgewright(package):
    """The one package, as every child of edgewright gets it."""
    spec = importlib.util.spec_from_file_location(
        "edgewright", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["edgewright"] = module
    spec.loader.exec_module(module)


def original(path, ids):
    """Logits of one plain forward pass in Transformers: no session, no cache, no pieces."""
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    with torch.inference_mode():
        return model(torch.tensor([ids]), use_cache=False).logits[0].numpy()


def opened(worker, artifact, runtime, prompt, tokens):
    """What a session does under these runtime options, or how it refuses them."""
    try:
        session = worker.open(artifact, runtime)
    except Exception as error:  # noqa: BLE001  # its kind is what is asked for
        return {"refused": f"{type(error).__name__}: {error}"}
    said = {"refused": "", "ids": list(session.generate(prompt, tokens)), **asdict(session.placement)}
    session.close()
    return said


def devices():
    """What OpenVINO sees here; nothing where it is not installed."""
    if importlib.util.find_spec("openvino") is None:
        return []
    import openvino

    return openvino.Core().available_devices


def main():
    request = json.load(sys.stdin)
    out, artifact, runtime = Path(request["out"]), Path(request["artifact"]), request["runtime"]
    load_edgewright(Path(request["package"]))
    if request["worker"] is None:
        np.save(out / "logits.npy", original(request["artifact"], request["ids"]))
        return
    worker = importlib.import_module(request["worker"]).WORKER
    session = worker.open(artifact, runtime)
    pieces = list(session.score(request["ids"]))
    np.save(out / "logits.npy", np.concatenate(pieces))
    prompts, tokens = request["prompts"], request["tokens"]
    alone = [list(session.generate(prompt, tokens)) for prompt in prompts]
    steps = list(session.generate_batch(prompts, tokens))
    placement = asdict(session.placement)
    session.close()
    tried = {"unknown": {"no_such_option": 1}, **request["options"]}
    options = {name: opened(worker, artifact, given, prompts[0], tokens) for name, given in tried.items()}
    profile = worker.profile(artifact, runtime, prompts[0], tokens, out / "scratch")
    answer = {
        "rows": [len(piece) for piece in pieces],
        "alone": alone,
        "batch": [list(row) for row in zip(*steps, strict=True)],
        "placement": placement,
        "options": options,
        "devices": devices(),
        "profile": asdict(profile),
    }
    (out / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
