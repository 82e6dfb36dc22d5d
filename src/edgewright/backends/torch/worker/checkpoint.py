"""Weight files: found by the rule that parent and child share, read without running code, written as safetensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgewright.core.model.weights import EMBEDDINGS, PICKLED, SAFETENSORS, Layout, weight_names
from edgewright.errors import InputError, ResourceError

_FULL = "os error 28"
"""How safetensors tells of a full disk."""
OUTPUT = "lm_head.weight"


def weight_files(directory: Path, layout: Layout = SAFETENSORS) -> list[Path]:
    """The files that hold the weights in a directory, by the rule that the parent checked them by."""
    index = directory / layout.index
    names = {file.name for file in directory.iterdir()}
    wanted = index.exists() and layout.whole not in names
    listed = json.loads(index.read_text(encoding="utf-8")) if wanted else None
    return [directory / name for name in weight_names(names, listed, layout)]


def find_weights(origin: Path, *, allow_pickle: bool) -> list[Path]:
    """The files to read: safetensors, else pickled weights for those who allow them.

    Raises:
        InputError: there are none.
    """
    found = weight_files(origin)
    if not found and allow_pickle:
        found = weight_files(origin, PICKLED)
    if not found:
        raise InputError(f"{origin} has no safetensors weights.", hint="Pickled weights need --allow-pickle.")
    return found


def read_shard(shard: Path) -> dict[str, Any]:
    """A file's tensors by name.

    Raises:
        InputError: it is damaged, or holds more than tensors.
    """
    if shard.suffix == ".safetensors":
        from safetensors.torch import load_file

        try:
            return dict(load_file(shard))
        except Exception as error:  # safetensors' own error type is not public
            raise InputError(
                f"{shard.name} is truncated or damaged: {error}.", hint="Download it again."
            ) from error
    return _read_pickled(shard)


def _read_pickled(shard: Path) -> dict[str, Any]:
    """Tensors only: PyTorch refuses whatever else a pickle asks for."""
    import pickle

    import torch

    try:
        weights = dict(torch.load(shard, map_location="cpu", weights_only=True))
        strangers = [name for name, weight in weights.items() if not isinstance(weight, torch.Tensor)]
        if strangers:
            raise ValueError(f"{strangers[0]} is not a tensor")
    except (pickle.UnpicklingError, RuntimeError, EOFError, TypeError, ValueError) as error:
        raise InputError(
            f"{shard.name} contains more than weights, or is damaged: {str(error).splitlines()[0]}.",
            hint="Get a safetensors version.",
        ) from error
    return weights


def save_weights(weights: Mapping[str, Any], path: Path) -> None:
    """Write tensors, each contiguous and with memory of its own, as safetensors demands.

    Raises:
        ResourceError: the disk is full.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    owned = {name: w.contiguous().clone() for name, w in weights.items()}
    try:
        save_file(owned, path, metadata={"format": "pt"})
    except SafetensorError as error:
        if _FULL not in str(error):
            raise
        raise ResourceError(
            "There is no space left on the disk for the model's weights.",
            hint="Free some, or set EDGEWRIGHT_HOME to a larger disk.",
        ) from error


def finish_weights(out: Path) -> None:
    """Give the parts their final names: one gets the plain name; several get the index that loaders look for."""
    from safetensors import safe_open

    parts = sorted(out.glob("part-*.safetensors"))
    if len(parts) == 1:
        parts[0].rename(out / "model.safetensors")
        return
    places: dict[str, str] = {}
    for number, part in enumerate(parts, start=1):
        shard = part.rename(out / f"model-{number:05d}-of-{len(parts):05d}.safetensors")
        with safe_open(shard, framework="pt") as file:
            places |= dict.fromkeys(file.keys(), shard.name)
    total = sum((out / name).stat().st_size for name in set(places.values()))
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (out / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")


class TiedOutput:
    """The output matrix that a checkpoint stores beside embeddings that its configuration ties it to."""

    def __init__(self) -> None:
        self.stored: Any = None
        self._embedding: Any = None

    def take_from(self, weights: dict[str, Any]) -> None:
        """Take the output matrix out of a shard, and look at the embeddings."""
        self.stored = weights.pop(OUTPUT, self.stored)
        for name, weight in weights.items():
            if name.endswith(EMBEDDINGS):
                self._embedding = weight

    @property
    def differs(self) -> bool:
        """Whether it is a matrix of its own, whatever the configuration says; Transformers decides the same way."""
        if self._embedding is None:
            return False
        same_kind = self._embedding.dtype == self.stored.dtype
        return not (same_kind and self._embedding.equal(self.stored))

    @property
    def note(self) -> str:
        """What became of it."""
        if self.differs:
            return (
                "the configuration ties the output matrix to the embeddings, but a different output matrix "
                "is stored: the stored one was kept"
            )
        return "the stored output matrix was dropped: the configuration ties it to the embeddings"
