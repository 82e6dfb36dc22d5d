"""Which files of a model directory hold its weights: names and an index in, names out; parent and child use one rule.

Law: the index decides where there is one, then the single file, then the numbered shards. Anything else beside them
(``consolidated.safetensors``, ``adapter_model.safetensors``) is another model's or another layout's copy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


def weight_names(names: Collection[str], index: object, layout: Layout = SAFETENSORS) -> tuple[str, ...]:
    """The files among ``names`` that hold the weights; none where the directory has no weights of this layout.

    ``index`` is what the layout's index file holds, None where there is none.

    Raises:
        InputError: the index is malformed, or lists a file that is not there.
    """
    if index is not None:
        listed = _listed(index, layout)
        for name in listed:
            if name not in names:
                raise InputError(
                    f"{layout.index} lists {name}, which is not there.", hint="Download the model again."
                )
        return listed
    if layout.whole in names:
        return (layout.whole,)
    return tuple(sorted(name for name in names if fnmatchcase(name, layout.shards)))


def _listed(index: object, layout: Layout) -> tuple[str, ...]:
    places = index.get("weight_map") if isinstance(index, Mapping) else None
    if not isinstance(places, Mapping) or not places:
        raise InputError(f"{layout.index} has no weight_map.", hint="Download it again.")
    return tuple(sorted({str(place) for place in places.values()}))
