"""Run in ONNX Runtime's own environment: what a prompt computes in each artifact, as the builds have it and with every logit.

A request is a JSON object on standard input; the answer is one on standard output.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnxruntime_genai as og


def positions(artifact, graph, ids):
    """Of how many tokens of a prompt the graph computes logits, and the last ones."""
    config = og.Config(str(artifact))
    if graph is not None:
        config.add_model_data("model.onnx", graph)
    model = og.Model(config)
    generator = og.Generator(model, og.GeneratorParams(model))
    generator.append_tokens(np.array(ids, np.int32))
    logits = generator.get_output("logits")
    return logits.shape[1], logits[0, -1].astype(np.float64)


def compared(artifact, ids):
    """The same prompt in a build's own graph and in the one that scoring takes."""
    from edgewright.backends.onnx.worker.last_logits import every_logit

    spared, last = positions(artifact, None, ids)
    every, last_of_all = positions(artifact, every_logit(artifact / "model.onnx"), ids)
    return {"spared": spared, "every": every, "difference": float(np.abs(last - last_of_all).max())}


def foreign(artifact, out, ids):
    """A graph that leaves out no logit, as other tools make them, in a session."""
    from edgewright.backends.onnx.worker import WORKER
    from edgewright.backends.onnx.worker.last_logits import every_logit

    shutil.copytree(artifact, out, copy_function=shutil.copyfile)
    (out / "model.onnx").write_bytes(every_logit(artifact / "model.onnx"))
    answers = []
    for folder in (artifact, out):
        session = WORKER.open(folder, {})
        before = list(session.generate(ids, 4))
        logits = np.concatenate(list(session.score(ids)))
        answers.append((before, logits, list(session.generate(ids, 4))))
        session.close()
    (ours, scored, ours_again), (theirs, scored_too, theirs_again) = answers
    return {
        "same_ids": ours == ours_again == theirs == theirs_again,
        "rows": len(scored_too),
        "difference": float(np.abs(scored - scored_too).max()),
    }


def main():
    request = json.load(sys.stdin)
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.integration.probe_session import load_edgewright

    load_edgewright(Path(request["package"]))
    artifacts = {name: Path(path) for name, path in request["artifacts"].items()}
    answer = {name: compared(artifact, request["ids"]) for name, artifact in artifacts.items()}
    first = next(iter(artifacts.values()))
    print(json.dumps({"builds": answer, "foreign": foreign(first, Path(request["out"]), request["ids"])}))


if __name__ == "__main__":
    main()
