"""Export a model without its cache, and once more with an output layer that computes the last position only.

``SOURCE OUT``: benchmark_app fills every input anew for each inference and cannot reset a state, so it is given a prefill
without one. ``OUT/plain`` is what edgewright opens (and slices itself), ``OUT/sliced`` what benchmark_app runs.
"""

import sys
from pathlib import Path

import numpy as np
import openvino as ov
from optimum.intel import OVModelForCausalLM

from edgewright.backends.openvino.worker.session import slice_logits

TOKENS = 512


def main() -> None:
    source, out = sys.argv[1], Path(sys.argv[2])
    model = OVModelForCausalLM.from_pretrained(
        source, export=True, use_cache=False, stateful=False, compile=False, load_in_8bit=False
    )
    model.save_pretrained(out / "export")
    graph = ov.Core().read_model(out / "export" / "openvino_model.xml")
    for name in ("plain", "sliced"):
        (out / name).mkdir()
    ov.save_model(graph, out / "plain" / "openvino_model.xml")
    slice_logits(ov, graph)
    if not any("first_logit" in port.get_names() for port in graph.inputs):
        raise SystemExit("the output layer could not be sliced")
    ov.save_model(graph, out / "sliced" / "openvino_model.xml")
    inputs = {
        "input_ids": np.arange(1, TOKENS + 1, dtype=np.int64)[None],
        "attention_mask": np.ones((1, TOKENS), np.int64),
        "position_ids": np.arange(TOKENS, dtype=np.int64)[None],
        "first_logit": np.array([-1], np.int64),
    }
    for port in graph.inputs:
        name = port.get_any_name()
        np.save(out / f"{name}.npy", inputs[name])
        print("input", name)


if __name__ == "__main__":
    main()
