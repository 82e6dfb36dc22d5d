"""Which files of a model directory hold its weights: names and an index in, names out; parent and child use one rule.

Law: as Transformers does, the single file is read where there is one, then what the index lists; numbered shards without
an index are read too. Anything else beside them (``consolidated.safetensors``, ``adapter_model.safetensors``, the shards of
another save) is another model's or another layout's copy. Every tensor that is read has its place in the model, but for
those few that `leftover` names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edgewright.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one format names its weight files."""

    whole: str
    shards: str
    index: str


SAFETENSORS = Layout(
    whole="model.safetensors", shards="model-*.safetensors", index="model.safetensors.index.json"
)
PICKLED = Layout(
    whole="pytorch_model.bin", shards="pytorch_model-*.bin", index="pytorch_model.bin.index.json"
)

LEFTOVERS = (
    "rotary_emb.inv_freq",
    "rotary_emb.cos_cached",
    "rotary_emb.sin_cached",
    "attention.masked_bias",
    "attn.masked_bias",
    "position_ids",
)
"""Ends of the names of buffers that a model computes itself."""

_MASKS = ("attention.bias", "attn.bias")
"""Causal masks of four dimensions; a bias that was trained has one."""

EMBEDDINGS = ("embed_tokens.weight", "word_embeddings.weight", "wte.weight", "embed_in.weight")
"""Ends of the names of the matrices whose rows are looked up by token id."""


def weight_names(names: Collection[str], index: object, layout: Layout = SAFETENSORS) -> tuple[str, ...]:
    """The files among ``names`` that hold the weights; none where the directory has no weights of this layout.

    ``index`` is what the layout's index file holds, None where there is none.

    Raises:
        InputError: the index is malformed, or lists a file that is not there.
    """
    if layout.whole in names:
        return (layout.whole,)
    if index is not None:
        listed = _listed(index, layout)
        for name in listed:
            if name not in names:
                raise InputError(
                    f"{layout.index} lists {name}, which is missing.", hint="Download the model again."
                )
        return listed
    return tuple(sorted(name for name in names if fnmatchcase(name, layout.shards)))


def passed_over(names: Collection[str], index: object, layout: Layout = SAFETENSORS) -> str:
    """What lies beside the single file as if it were the model too, in words; nothing where there is no such thing."""
    if layout.whole not in names or index is None:
        return ""
    places = index.get("weight_map") if isinstance(index, Mapping) else None
    listed = {str(place) for place in places.values()} if isinstance(places, Mapping) else set()
    if not listed - {layout.whole}:
        return ""
    there = sum(name in names for name in listed)
    files = "1 file" if len(listed) == 1 else f"{len(listed)} files"
    lacking = "" if there == len(listed) else f", {len(listed) - there} of them missing"
    return (
        f"{layout.whole} was read, as Transformers does; {layout.index} in the same directory lists "
        f"{files} of a different save{lacking}; these were ignored"
    )


def leftover(name: str, shape: Sequence[int]) -> bool:
    """Whether a stored tensor that has no place in the model is known to be harmless.

    Older releases stored what is computed from the configuration: rotary frequencies, causal masks, position numbers.
    """
    return name.endswith(LEFTOVERS) or (name.endswith(_MASKS) and len(shape) == 4)


def portable_name(model_type: str, name: str) -> str:
    """A tensor's name as every framework looks for it: GPT-2's lie on the hub without the prefix of Transformers' class."""
    return name.removeprefix("transformer.") if model_type == "gpt2" else name


def _listed(index: object, layout: Layout) -> tuple[str, ...]:
    places = index.get("weight_map") if isinstance(index, Mapping) else None
    if not isinstance(places, Mapping) or not places:
        raise InputError(f"{layout.index} has no weight_map.", hint="Download it again.")
    return tuple(sorted({str(place) for place in places.values()}))
