"""A LoRA adapter merged with its base by PEFT, in float32, and compared with the adapter on its base before it is kept."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.checkpoint import OUTPUT, read_shard, save_weights, weight_files
from edgewright.backends.torch.worker.portable import check, write_config, write_from_directory
from edgewright.backends.torch.worker.tokenizer_files import copy_companions, copy_tokenizer
from edgewright.core.jobs.results import Progress
from edgewright.core.recipe.recipes import Option
from edgewright.errors import InputError, WorkerError
from edgewright.ports import Tell

_IDS = 32
_TOLERANCE = 1e-3
"""Logits of the merged model beside those of adapter and base: float32 rounds sums of other order differently."""


def write_merged(base: Path, out: Path, options: Mapping[str, Option], tell: Tell) -> list[str]:
    """The model that the adapter ``options["adapter"]`` makes of ``base``, each weight in the base's own dtype."""
    adapter, scratch = Path(str(options["adapter"])), out.with_name(f"{out.name}.base")
    shutil.rmtree(scratch, ignore_errors=True)  # a killed job may have left one
    scratch.mkdir(parents=True)
    try:
        notes = write_from_directory(base, scratch, options, tell)
        tell(Progress(message="merging the adapter"))
        merged = _merged(scratch, adapter)
        kinds = {name: w.dtype for file in weight_files(scratch) for name, w in read_shard(file).items()}
        config = merged.config
        config.tie_word_embeddings = bool(config.tie_word_embeddings) and _tied(merged)
        weights = {
            name: weight.to(kinds.get(name, weight.dtype))
            for name, weight in merged.state_dict().items()
            if not (name == OUTPUT and config.tie_word_embeddings)
        }
        elements: Counter[str] = Counter()
        for weight in weights.values():
            elements[str(weight.dtype).removeprefix("torch.")] += weight.numel()
        save_weights(weights, out / "model.safetensors")
        copy_companions(scratch, out)
        if any((adapter / name).exists() for name in ("tokenizer.json", "tokenizer.model")):
            notes += copy_tokenizer(adapter, out)
        write_config(config, out, dtype=elements.most_common(1)[0][0], origin=scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    check(out, tell)
    return notes


def _merged(base: Path, adapter: Path) -> Any:
    """PEFT's own merge, after the adapter was found to be on the base whole."""
    import peft
    import torch
    import transformers

    plain = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    try:
        model: Any = peft.PeftModel.from_pretrained(plain, adapter).eval()
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(
            f"The adapter does not match its base model: {why}",
            hint="Give the base model that the adapter was trained on.",
        ) from error
    _demand_whole(adapter, model)
    ids = torch.arange(_IDS)[None] * 97 % plain.config.get_text_config().vocab_size
    with torch.inference_mode():
        wanted = model(ids).logits
        merged = model.merge_and_unload(safe_merge=True)
        apart = float((merged(ids).logits - wanted).abs().max())
    if not apart <= _TOLERANCE * max(1.0, float(wanted.abs().max())):
        raise WorkerError(
            f"The merged model differs from the adapter on its base model: logits differ by {apart:.2g}."
        )
    return merged


def _demand_whole(adapter: Path, model: Any) -> None:
    """Every stored matrix is on the base, and none of the adapter's is made up."""
    import peft

    file = next(
        adapter / name
        for name in ("adapter_model.safetensors", "adapter_model.bin")
        if (adapter / name).exists()
    )
    stored, used = set(read_shard(file)), set(peft.get_peft_model_state_dict(model))
    odd = sorted(stored ^ used)
    if odd:
        raise InputError(
            "The adapter does not match its base model; tensors without a counterpart: "
            f"{', '.join(odd[:3])}.",
            hint="Give the base model that the adapter was trained on.",
        )


def _tied(model: Any) -> bool:
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    return head is None or bool(head.weight.equal(embedding.weight))
