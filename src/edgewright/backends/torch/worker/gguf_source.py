"""A portable source directory from a GGUF file: the weights dequantized to float32, the tokenizer rebuilt.

What each setting and tensor becomes is decided in `edgewright.core.model.gguf.mapping`; here it is done. A file that is not mapped
whole gets a directory without weights: llama.cpp runs the file itself, and the tokenizer is still the one for all.
"""

from __future__ import annotations

import json
import mmap
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from edgewright.backends.torch.worker.checkpoint import finish_weights, save_weights
from edgewright.backends.torch.worker.gguf_tokenizer import write_tokenizer
from edgewright.backends.torch.worker.portable import check, read_config, write_config
from edgewright.core.jobs.results import Progress
from edgewright.core.model.gguf.header import GgufHeader, GgufTensor, parse_gguf
from edgewright.core.model.gguf.mapping import Change, MappedModel, Piece, Unmapped, map_model, read_factors
from edgewright.core.model.gguf.parts import join_parts, part_names
from edgewright.core.recipe.recipes import Option
from edgewright.ports import Tell

_SHARD_BYTES = 1_000_000_000


def write_from_gguf(origin: Path, out: Path, options: Mapping[str, Option], tell: Tell) -> list[str]:
    """Dequantize ``origin``; the note names the types that its baseline inherits."""
    del options
    with _opened(origin) as (header, views):
        mapped = _mapped(header, views)
        tell(Progress(message="writing the tokenizer", fraction=0.0))
        write_tokenizer(header.metadata, out)
        if isinstance(mapped, Unmapped):
            _link_parts(origin, out)
            return [f"only frameworks that can run {origin.name} itself are used: {mapped.reason}"]
        _write_weights(mapped, header, views, out, tell)
    # What the file says stands, whatever a library's defaults are.
    settings = {**mapped.config, **_special_ids(header.metadata)}
    (out / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    notes = write_config(read_config(out), out, dtype="float32", origin=out)
    ends = {name: value for name, value in settings.items() if name.endswith("_token_id")}
    (out / "generation_config.json").write_text(json.dumps(ends, indent=1), encoding="utf-8")
    check(out, tell)
    return [*notes, f"the baseline is dequantized: {origin.name} stores its weights as {_types(header)}"]


@contextmanager
def _opened(origin: Path) -> Iterator[tuple[GgufHeader, dict[str, Any]]]:
    """The header of all parts, and the bytes of the part that holds each tensor."""
    names = part_names(origin.name, {file.name for file in origin.parent.iterdir()})
    with ExitStack() as stack:
        headers: list[GgufHeader] = []
        views: dict[str, Any] = {}
        for name in names:
            stream = stack.enter_context((origin.parent / name).open("rb"))
            view = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            stack.callback(_close, view)
            headers.append(parse_gguf(view, name))
            views |= dict.fromkeys((tensor.name for tensor in headers[-1].tensors), view)
        yield join_parts(headers, origin.name), views


def _close(view: Any) -> None:
    """A failure's traceback may still hold weights that point into the file: they must not hide the failure."""
    with suppress(BufferError):
        view.close()


def _link_parts(origin: Path, out: Path) -> None:
    """The file itself stands for its weights: linked, so that a directory of any size costs nothing."""
    for name in part_names(origin.name, {file.name for file in origin.parent.iterdir()}):
        try:
            (out / name).symlink_to(origin.parent / name)
        except OSError:  # Windows without the right to make links
            (out / name).hardlink_to(origin.parent / name)


def _mapped(header: GgufHeader, views: Mapping[str, Any]) -> MappedModel | Unmapped:
    factors: dict[str, Any] = {}
    for view in {id(view): view for view in views.values()}.values():
        mine = tuple(tensor for tensor in header.tensors if views[tensor.name] is view)
        factors |= read_factors(mine, view)
    return map_model(header, factors)


def _write_weights(
    mapped: MappedModel, header: GgufHeader, views: Mapping[str, Any], out: Path, tell: Tell
) -> None:
    import torch

    tensors = {tensor.name: tensor for tensor in header.tensors}
    waiting: dict[str, Any] = {}
    bytes_waiting = number = 0
    read: tuple[str, Any] = ("", None)
    for done, piece in enumerate(mapped.pieces):
        tell(Progress(message="dequantizing the GGUF file", fraction=done / len(mapped.pieces)))
        if piece.tensor and read[0] != piece.tensor:
            tensor = tensors[piece.tensor]
            read = (piece.tensor, _dequantized(tensor, views[piece.tensor]))
        weight = torch.from_numpy(np.ascontiguousarray(_changed(piece, read[1]), dtype=np.float32))
        waiting[piece.weight] = weight
        bytes_waiting += 4 * weight.numel()
        if bytes_waiting > _SHARD_BYTES:
            save_weights(waiting, out / f"part-{number:05d}.safetensors")
            waiting, bytes_waiting, number = {}, 0, number + 1
    if waiting:
        save_weights(waiting, out / f"part-{number:05d}.safetensors")
    finish_weights(out)


def _dequantized(tensor: GgufTensor, view: Any) -> Any:
    """A tensor's weights as float32, in its shape, by the gguf package of llama.cpp's authors."""
    from gguf import GGMLQuantizationType, quants

    raw = np.frombuffer(view, dtype=np.uint8, count=tensor.size_bytes, offset=tensor.offset)
    kind = GGMLQuantizationType(tensor.type.number)
    row_bytes = tensor.shape[-1] // tensor.type.block * tensor.type.block_bytes
    rows = raw.reshape(*tensor.shape[:-1], row_bytes)
    if kind == GGMLQuantizationType.F32:
        return rows.view("<f4")
    if kind == GGMLQuantizationType.F16:
        return rows.view("<f2")
    return quants.dequantize(rows, kind)


def _changed(piece: Piece, weights: Any) -> Any:
    match piece.change:
        case Change.NONE:
            return weights
        case Change.LESS_ONE:
            return weights - 1.0
        case Change.EXPERT:
            return weights[piece.number]
        case Change.ZEROS:
            return np.zeros(piece.number, dtype=np.float32)
        case Change.UNPERMUTED:
            half = weights.shape[0] // piece.number // 2
            turned = weights.reshape(piece.number, half, 2, *weights.shape[1:]).swapaxes(1, 2)
            return turned.reshape(weights.shape)


def _special_ids(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Ids that begin, end and fill a text; an end of turn ends an answer, too."""
    names = {"bos": "bos_token_id", "padding": "pad_token_id"}
    found: dict[str, Any] = {
        theirs: int(metadata[f"tokenizer.ggml.{name}_token_id"])
        for name, theirs in names.items()
        if f"tokenizer.ggml.{name}_token_id" in metadata
    }
    ends = [
        int(metadata[f"tokenizer.ggml.{name}_token_id"])
        for name in ("eos", "eot", "eom")
        if f"tokenizer.ggml.{name}_token_id" in metadata
    ]
    ends = list(dict.fromkeys(ends))
    if ends:
        found["eos_token_id"] = ends if len(ends) > 1 else ends[0]
    return found


def _types(header: GgufHeader) -> str:
    counts: Counter[str] = Counter()
    for tensor in header.tensors:
        counts[tensor.type.name.upper()] += tensor.elements
    return ", ".join(name for name, _ in counts.most_common(3))
