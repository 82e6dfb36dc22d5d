"""Structured pruning: whole blocks by their influence, feed-forward neurons by what they contribute; then a recovery.

A block's influence is one minus the mean cosine between what goes into it and what comes out (Men et al. 2024, ShortGPT). A
neuron's contribution is its mean activation times the norm of the column that carries it on (after Sun et al. 2023, Wanda).
Both are observed on calibration ids. The recovery distils the original's distribution into what is left, on the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.checkpoint import save_weights
from edgewright.backends.torch.worker.portable import check, tied_output, write_config
from edgewright.backends.torch.worker.tokenizer_files import copy_companions
from edgewright.core.jobs.results import Progress
from edgewright.core.recipe.pruning import Part, kept_width, least
from edgewright.core.recipe.recipes import Option
from edgewright.errors import UnsupportedError
from edgewright.ports import Tell

_WINDOW = 256
_WINDOWS = 16
"""What importance is observed on, and what the recovery goes through: 4,096 tokens."""

_PASSES = 4
_RATE = 2e-5


def write_pruned(
    origin: Path, out: Path, options: Mapping[str, Option], ids: Sequence[int], tell: Tell
) -> list[str]:
    """The model without its least influential blocks or neurons.

    Raises:
        UnsupportedError: its layers are not a list of blocks with gate, up and down projections.
    """
    import torch
    import transformers

    model: Any = transformers.AutoModelForCausalLM.from_pretrained(origin, dtype=torch.float32).eval()
    windows = [
        torch.tensor([list(ids[at : at + _WINDOW])]) for at in range(0, len(ids) - _WINDOW + 1, _WINDOW)
    ]
    windows = windows[:_WINDOWS]
    teacher = [_before_head(model, window) for window in windows] if options["recover"] else []
    tell(Progress(message="observing the model on calibration text"))
    part, ratio = Part(str(options["part"])), float(options["ratio"])
    note = _without_blocks(model, windows, ratio) if part is Part.BLOCKS else _narrowed(model, windows, ratio)
    notes = [note]
    if teacher:
        notes.append(_recovered(model, windows, teacher, tell))
    config = model.config
    weights = {name: w for name, w in model.state_dict().items() if not tied_output(name, config)}
    save_weights(weights, out / "model.safetensors")
    write_config(config, out, dtype="float32", origin=origin)
    copy_companions(origin, out)
    check(out, tell)
    return notes


def _layers(model: Any) -> Any:
    layers = getattr(model.base_model, "layers", None)
    if layers is None or not all(hasattr(getattr(layer, "mlp", None), "down_proj") for layer in layers):
        raise UnsupportedError(
            "Pruning supports only decoders whose layers have a gated feed-forward network; this model "
            "has none.",
            hint="Remove --prune.",
        )
    return layers


# --- blocks ---


def _without_blocks(model: Any, windows: Sequence[Any], ratio: float) -> str:
    import torch

    layers = _layers(model)
    gone = least(_influences(model, layers, windows), ratio)
    if not gone:
        raise UnsupportedError(f"A model of {len(layers)} blocks is too small to remove any.")
    kept = [layer for number, layer in enumerate(layers) if number not in gone]
    for number, layer in enumerate(kept):
        layer.self_attn.layer_idx = number
    model.base_model.layers = torch.nn.ModuleList(kept)
    config = model.config
    if getattr(config, "layer_types", None):
        config.layer_types = [kind for number, kind in enumerate(config.layer_types) if number not in gone]
    config.num_hidden_layers = len(kept)
    return (
        f"{len(gone)} of {len(layers)} blocks were removed, those with the least influence: "
        f"{', '.join(map(str, gone))}"
    )


def _influences(model: Any, layers: Any, windows: Sequence[Any]) -> list[float]:
    import torch

    totals = [0.0] * len(layers)

    def watch(number: int) -> Any:
        def hook(_: Any, given: Any, result: Any) -> None:
            out = result[0] if isinstance(result, tuple) else result
            totals[number] += float(1.0 - torch.cosine_similarity(given[0], out, dim=-1).mean())

        return hook

    handles = [layer.register_forward_hook(watch(number)) for number, layer in enumerate(layers)]
    _run(model, windows)
    for handle in handles:
        handle.remove()
    return [total / len(windows) for total in totals]


def _run(model: Any, windows: Sequence[Any]) -> None:
    import torch

    with torch.inference_mode():
        for window in windows:
            model(window, use_cache=False)


# --- neurons ---


def _narrowed(model: Any, windows: Sequence[Any], ratio: float) -> str:
    import torch

    layers = _layers(model)
    width = int(layers[0].mlp.down_proj.in_features)
    keep = kept_width(width, ratio)
    with _activations(layers) as means:
        _run(model, windows)
    for layer, mean in zip(layers, means, strict=True):
        mlp = layer.mlp
        contribution = mean * mlp.down_proj.weight.norm(dim=0)
        chosen = contribution.topk(keep).indices.sort().values
        for name in ("gate_proj", "up_proj"):
            linear = getattr(mlp, name)
            linear.weight = torch.nn.Parameter(linear.weight[chosen])
            linear.out_features = keep
            if linear.bias is not None:
                linear.bias = torch.nn.Parameter(linear.bias[chosen])
        mlp.down_proj.weight = torch.nn.Parameter(mlp.down_proj.weight[:, chosen])
        mlp.down_proj.in_features = keep
        mlp.intermediate_size = keep
    model.config.intermediate_size = keep
    return (
        f"{width - keep} of {width} neurons were removed from every feed-forward layer, those that contribute "
        "least"
    )


@contextmanager
def _activations(layers: Any) -> Iterator[list[Any]]:
    """Sums of what goes into each layer's down projection, by neuron and without sign."""
    import torch

    sums = [torch.zeros(layer.mlp.down_proj.in_features) for layer in layers]

    def watch(number: int) -> Any:
        def hook(_: Any, given: Any) -> None:
            sums[number] += given[0].detach().abs().sum(dim=(0, 1))

        return hook

    handles = [
        layer.mlp.down_proj.register_forward_pre_hook(watch(number)) for number, layer in enumerate(layers)
    ]
    try:
        yield sums
    finally:
        for handle in handles:
            handle.remove()


# --- recovery ---


def _before_head(model: Any, window: Any) -> Any:
    """What the original hands to its output layer, of shape (1, window, hidden): far less than its distributions are.

    The output layer is never pruned and does not learn, so that both can be had from it later.
    """
    kept: list[Any] = []
    handle = model.get_output_embeddings().register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    _run(model, [window])
    handle.remove()
    return kept[0].clone()


@contextmanager
def _joined(model: Any, original: Any) -> Iterator[None]:
    """Meanwhile the output layer answers for the original too, behind the model's own positions.

    What a model does with its logits afterwards (a scale, a soft cap) thus happens to both.
    """
    import torch

    handle = model.get_output_embeddings().register_forward_pre_hook(
        lambda _, given: (torch.cat([given[0], original], dim=1),)
    )
    try:
        yield
    finally:
        handle.remove()


def _recovered(model: Any, windows: Sequence[Any], teacher: Sequence[Any], tell: Tell) -> str:
    """Some passes over the calibration windows, each step towards the original's distribution of every next token."""
    import torch

    model.requires_grad_(requires_grad=False)
    learned = [weight.requires_grad_() for layer in _layers(model) for weight in layer.parameters()]
    optimizer = torch.optim.AdamW(learned, lr=_RATE, weight_decay=0.0)
    steps = _PASSES * len(windows)
    first = last = 0.0
    for step in range(steps):
        at = step % len(windows)
        with _joined(model, teacher[at]):
            logits = model(windows[at], use_cache=False).logits[0].float()
        now, wanted = torch.log_softmax(logits, dim=-1).split(_WINDOW)
        loss = torch.nn.functional.kl_div(now, wanted.detach(), log_target=True, reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        last = float(loss.detach())
        first = first or last
        tell(Progress(message="recovering by distillation", fraction=(step + 1) / steps))
    return (
        f"recovered by distillation: {steps} steps of {_WINDOW} calibration tokens, KL divergence there from "
        f"{first:.3g} to {last:.3g} nat"
    )
