"""config.json of a portable source: what the user's file says, beside the spellings that other readers look for. Pure.

Law: every key of the user's file stays, with its value, unless the model was changed on the way (a tiny twin, a pruned copy);
nothing is invented. A key that only Transformers' normalised form has is added; a default of a class is not a fact of the model
where the tokenizer says another (``special_ids``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_OURS = frozenset(
    {
        "_name_or_path",
        "_model_name_or_path",
        "auto_map",
        "chunk_size_feed_forward",
        "compression_config",
        "id2label",
        "label2id",
        "output_attentions",
        "output_hidden_states",
        "quantization",
        "quantization_config",
        "return_dict",
        "transformers_version",
    }
)
"""Settings of one library's objects, and of weights as they lay before they were read; not of the model."""

ROLES = ("bos", "eos", "pad")


def portable_config(
    declared: Mapping[str, Any],
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    aliases: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The user's settings ``declared``, with what Transformers' form of them ``now`` adds or changed since ``before``.

    ``aliases`` are the other names under which Transformers knows a setting: Qwen3-MoE's ``num_experts`` is its
    ``num_local_experts``. Readers look for either.
    """
    plain = {key: value for key, value in declared.items() if key not in NOT_OURS}
    for key, value in now.items():
        changed = key not in before or before[key] != value
        if key in NOT_OURS or (key in declared and not changed):
            continue
        if value is not None or key in declared:
            plain[key] = value
    for alias, name in (aliases or {}).items():
        if plain.get(name) is not None:
            plain[alias] = plain[name]
    plain |= _rope(plain)
    if plain.get("model_type") == "gpt2":  # three readers look for the name of the first release
        plain.setdefault("n_ctx", plain.get("n_positions"))
    if plain.get("model_type") == "falcon" and "num_kv_heads" not in declared and _one_key_head(plain):
        plain["num_kv_heads"] = 1  # Transformers' default is that of other Falcons, and readers believe it
    return plain


def _one_key_head(plain: Mapping[str, Any]) -> bool:
    return bool(plain.get("multi_query")) and not plain.get("new_decoder_architecture")


def _rope(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The older spellings of ``rope_parameters``, where they are not there; what they say already stays."""
    rope = plain.get("rope_parameters")
    if not isinstance(rope, Mapping):
        return {}
    if isinstance(rope.get("full_attention"), Mapping):
        found = _older(rope["full_attention"], plain)
        local = rope.get("sliding_attention")
        if isinstance(local, Mapping) and "rope_theta" in local:
            found["rope_local_base_freq"] = plain.get("rope_local_base_freq", local["rope_theta"])
        return found
    return _older(rope, plain) if "rope_theta" in rope else {}


def _older(rope: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "rope_theta" in rope:
        found["rope_theta"] = plain.get("rope_theta", rope["rope_theta"])
        if plain.get("model_type") == "gpt_neox":  # has had names of its own
            found["rotary_emb_base"] = plain.get("rotary_emb_base", rope["rope_theta"])
            found["rotary_pct"] = plain.get("rotary_pct", rope.get("partial_rotary_factor", 1.0))
    if rope.get("rope_type", "default") != "default":
        older = plain.get("rope_scaling")
        scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
        scaling["type"] = rope["rope_type"]  # what the first releases called it, and some readers demand
        found["rope_scaling"] = scaling | (dict(older) if isinstance(older, Mapping) else {})
    return found


def special_ids(
    declared: Mapping[str, Any],
    generation: Mapping[str, Any],
    roles: Mapping[str, int],
    defaults: Mapping[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    """Ids of special tokens that config.json is silent about, and what to tell of them.

    They come from generation_config.json, else from the tokenizer's ``roles``; else there is none. ``defaults`` are what
    Transformers' class would put there: another model's ids.
    """
    found: dict[str, Any] = {}
    notes = []
    for role in ROLES:
        key = f"{role}_token_id"
        if key in declared:
            continue
        source, value = "generation_config.json", generation.get(key)
        if value is None:
            source, value = "the tokenizer", roles.get(role)
        default = defaults.get(key)
        if default is None and (value is None or role == "pad"):
            continue
        found[key] = value
        if role == "eos" and value != default:
            told = f"id {value} was taken from {source}" if value is not None else "it has none"
            notes.append(f"config.json names no end-of-text token: {told}")
    return found, notes
