"""A portable source directory from a GGUF file: the weights dequantized to float32, the tokenizer rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.backends.torch.worker.checkpoint import OUTPUT, save_weights
from edgewright.backends.torch.worker.gguf_tokenizer import write_tokenizer
from edgewright.backends.torch.worker.portable import check, write_config
from edgewright.core.answers import Progress
from edgewright.core.recipe import Option
from edgewright.errors import UnsupportedError
from edgewright.ports import Tell


def write_from_gguf(origin: Path, out: Path, options: Mapping[str, Option], tell: Tell) -> list[str]:
    """Dequantize ``origin``; the note names the types that its baseline inherits."""
    import torch
    import transformers

    del options
    tell(Progress(message="dequantizing the GGUF file"))
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            origin.parent, gguf_file=origin.name, dtype=torch.float32
        )
    except ValueError as error:
        text = str(error).strip().splitlines()[0][:200]
        hint = "Give the original Hugging Face directory instead."
        raise UnsupportedError(f"Transformers cannot read this GGUF file: {text}", hint=hint) from error
    weights = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        weights.pop(OUTPUT, None)
    save_weights(weights, out / "model.safetensors")
    write_config(model.config, out, dtype="float32")
    model.generation_config.save_pretrained(out)
    del model, weights
    write_tokenizer(origin, out)
    check(out, tell)
    return [f"the baseline is dequantized: {origin.name} stores its weights as {_types(origin)}"]


def _types(path: Path) -> str:
    from collections import Counter

    from gguf import GGUFReader

    counts: Counter[str] = Counter()
    for tensor in GGUFReader(path).tensors:
        counts[tensor.tensor_type.name] += int(tensor.n_elements)
    return ", ".join(name for name, _ in counts.most_common(3))
