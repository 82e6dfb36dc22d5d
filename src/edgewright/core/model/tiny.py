"""Which small model stands for a large one: fewer layers and narrower ones, with all that makes its family itself. Pure.

Law: every kind of layer stays (windows, layers without rope, dense and sparse ones, state spaces), in the order of a whole
pattern where there is one; lists by layer and lists of layers stay consistent with the layers that are left; sizes of heads,
ranks, windows, scalings and the vocabulary stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_LAYERS = 2
_MOST_LAYERS = 12
"""A longer pattern is not kept whole: the first layer of each kind stands for it."""

_PARAMETERS = 60_000_000
"""A model of so many parameters or fewer keeps its widths."""

_NUMBERED = ("mlp_only_layers", "full_attn_idxs", "moe_layers", "dense_layers", "attn_layer_indices")
"""Settings that list layers by number."""

_STEPS: Mapping[str, int | str] = {
    "decoder_sparse_step": -1,
    "sliding_window_pattern": -1,
    "no_rope_layer_interval": -1,
    "full_attention_interval": -1,
    "interleave_moe_layer_step": -1,
    "moe_layer_freq": 0,
    "attn_layer_period": "attn_layer_offset",
    "expert_layer_period": "expert_layer_offset",
}
"""Settings that say every how many layers another kind comes; the first such layer, or the setting that names it."""

_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_CHOSEN = ("num_experts_per_tok", "moe_k", "num_experts_per_token", "top_k_experts")
_KV_HEADS = ("num_key_value_heads", "num_kv_heads")
_TIED_WIDTHS = (
    "mamba_d_head",
    "mamba_n_heads",
    "ssm_cfg",
    "conv_L_cache",
    "linear_num_value_heads",
    "state_size",
)
"""Settings of layers whose sizes hang together with the width: such models keep theirs."""

_EXPERT_WIDTH = 128


@dataclass(frozen=True, kw_only=True)
class Shrunk:
    """The settings of config.json that change, and which layers of the original stand behind the new ones."""

    layers: tuple[int, ...]
    settings: Mapping[str, Any]


def shrink(config: Mapping[str, Any], least: int = LEAST_LAYERS) -> Shrunk:
    """What to change in a ``config`` (with Transformers' usual names) for a model that is made in seconds.

    It has ``least`` layers or more: as many as its family's pattern.
    """
    count = int(config["num_hidden_layers"])
    layers = layers_kept(_kinds(config, count), least)
    settings: dict[str, Any] = {"num_hidden_layers": len(layers)}
    for name, value in config.items():
        if _by_layer(value, count):
            settings[name] = [value[layer] for layer in layers]
        elif name in _NUMBERED and value is not None:
            settings[name] = [place for place, layer in enumerate(layers) if layer in value]
    dense = config.get("first_k_dense_replace")
    if dense:
        settings["first_k_dense_replace"] = sum(layer < dense for layer in layers)
    return Shrunk(layers=layers, settings=settings | _widths(config, len(layers)))


def layers_kept(kinds: Sequence[object], least: int = LEAST_LAYERS) -> tuple[int, ...]:
    """The layers that stand for all, of which each has a kind: a whole pattern, else up to the first of the last kind."""
    count = len(kinds)
    period = next(p for p in range(1, count + 1) if all(kinds[i] == kinds[i % p] for i in range(count)))
    first = [kinds.index(kind) for kind in dict.fromkeys(kinds)]
    wanted = period if period <= _MOST_LAYERS and 2 * period <= count else first[-1] + 1
    if wanted <= _MOST_LAYERS:
        repeats = -(-least // wanted) if wanted == period else 1
        return tuple(range(min(count, max(least, wanted * repeats))))
    return tuple(sorted(first)) if len(first) >= least else tuple(range(min(least, count)))


def _kinds(config: Mapping[str, Any], count: int) -> list[tuple[object, ...]]:
    """What distinguishes each layer, by all settings that speak of layers."""
    rows: list[Sequence[object]] = [_plain(value) for value in config.values() if _by_layer(value, count)]
    rows += [[layer in config[name] for layer in range(count)] for name in _NUMBERED if config.get(name)]
    if dense := config.get("first_k_dense_replace"):
        rows.append([layer < dense for layer in range(count)])
    for step, offset in _steps(config):
        rows.append([layer % step == offset % step for layer in range(count)])
    return [tuple(row[layer] for row in rows) for layer in range(count)]


def _steps(config: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """Every how many layers there is one of another kind, and which is the first."""
    for name, first in _STEPS.items():
        step = config.get(name)
        if isinstance(step, int) and step > 1:
            given = config.get(str(first), 0) if isinstance(first, str) else first
            yield step, int(given or 0)


def _plain(values: Sequence[object]) -> list[object]:
    """Values that can be counted as kinds; what differs in every layer by its number alone is none."""
    kinds = [repr(value) for value in values]
    return list(kinds) if len(set(kinds)) <= _MOST_LAYERS else [""] * len(kinds)


def _by_layer(value: object, count: int) -> bool:
    """A list with one entry a layer; a model of one layer or two says too little to tell."""
    return isinstance(value, list | tuple) and len(value) == count and count > LEAST_LAYERS


def _widths(config: Mapping[str, Any], layers: int) -> dict[str, Any]:
    """Narrower layers and fewer experts, where the model would still be large."""
    width, heads = config["hidden_size"], config.get("num_attention_heads")
    experts = next((int(config[name]) for name in _EXPERTS if config.get(name)), 0)
    inner = int(config.get("moe_intermediate_size") or config.get("intermediate_size") or 4 * width)
    rough = 2 * config["vocab_size"] * width + layers * (12 * width * width + experts * 3 * width * inner)
    if rough <= _PARAMETERS:
        return {}
    found = _fewer_experts(config, experts)
    if not isinstance(heads, int) or any(config.get(name) for name in _TIED_WIDTHS):
        return found
    named = next((name for name in _KV_HEADS if isinstance(config.get(name), int)), "")
    groups = max(1, heads // int(config[named] if named else heads))
    head = int(config.get("head_dim") or width // heads)
    if config.get("kv_lora_rank"):  # its head size is another's: query and key have parts of their own
        head = width // heads
    narrow = 2 * groups * head
    if narrow >= width:
        return found
    found |= {"num_attention_heads": 2 * groups, "hidden_size": narrow}
    if named:
        found[named] = 2
    if isinstance(config.get("intermediate_size"), int):
        found["intermediate_size"] = 4 * narrow
    return found


def _fewer_experts(config: Mapping[str, Any], experts: int) -> dict[str, Any]:
    """As many as leave a choice in each group of experts, and small ones."""
    if not experts:
        return {}
    chosen = next((int(config[name]) for name in _CHOSEN if config.get(name)), 1)
    groups = int(config.get("n_group") or 1)
    wanted = -(-max(2 * chosen, 2 * groups, 4) // groups) * groups
    found: dict[str, Any] = {name: min(experts, wanted) for name in _EXPERTS if config.get(name)}
    if int(config.get("moe_intermediate_size") or 0) > _EXPERT_WIDTH:
        found["moe_intermediate_size"] = _EXPERT_WIDTH
    return found
