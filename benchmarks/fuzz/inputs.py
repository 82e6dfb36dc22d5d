"""The inputs: what is damaged, how often, and through which commands each goes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.gguf_bytes import gguf_bytes, llama

from benchmarks.fuzz import seeds, templates
from benchmarks.fuzz.damage import bytes_of, json_of
from benchmarks.fuzz.toml import toml_of

Write = Callable[[Path, Random], Path]
"""Writes an input below a folder; the path that is given to the commands."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of input: how many are made, how, and the command lines (``@`` stands for the input)."""

    name: str
    count: int
    write: Write
    ways: tuple[tuple[str, ...], ...]


_ASSESS, _OPTIMIZE = ("assess", "@"), ("optimize", "@", "--offline", "--out", "OUT")
_MODEL = (_ASSESS, _OPTIMIZE)
_BUILD = (("evaluate", "text", "@", "--offline"), ("benchmark", "@", "--offline"))
_RUN = (("show", "@"), ("show", "@", "--json"), ("pick", "@", "--min-decode-tok-s", "1"))
_TEXT = (("tokenizer", "@"),)


def _gguf(folder: Path, rng: Random) -> Path:
    file = folder / "model.gguf"
    whole = seeds.gguf()
    file.write_bytes(bytes_of(whole, rng, whole.index(b"blk.1.ffn_down") + 80))
    return file


def _gguf_settings(folder: Path, rng: Random) -> Path:
    """The header is whole, and its values are of every wrong type and size."""
    metadata, tensors = llama()
    values: tuple[Any, ...] = (
        -1,
        0,
        2**31 - 1,
        1e30,
        float("nan"),
        "",
        "text",
        True,
        [],
        [1, 2, 3],
        ["a"],
        [0.5],
    )
    for key in rng.sample(
        [*metadata, "llama.expert_count", "general.type", "general.alignment", "split.count"], 2
    ):
        metadata[key] = rng.choice(values)
    if rng.random() < 0.3:
        tensors.pop(rng.choice(list(tensors)))
    file = folder / "model.gguf"
    file.write_bytes(gguf_bytes(metadata, tensors))
    return file


def _gguf_parts(folder: Path, rng: Random) -> Path:
    counts = rng.choice([1, 2, 99_999])
    file = folder / f"model-00001-of-{counts:05d}.gguf"
    metadata, tensors = llama()
    odd: tuple[Any, ...] = (-1, 0, 1, 2, 2**31 - 1, "two", [1], 0.5)
    split = {
        "split.no": rng.choice(odd),
        "split.count": rng.choice(odd),
        "split.tensors.count": rng.choice(odd),
    }
    whole = gguf_bytes({**metadata, **split}, tensors)
    file.write_bytes(whole)
    if counts == 2:
        (folder / "model-00002-of-00002.gguf").write_bytes(bytes_of(whole, rng, len(whole)))
    return file


def _weights(folder: Path, rng: Random) -> Path:
    header, data = seeds.safetensors(seeds.tensors())
    text = json_of(header, rng)
    whole = seeds.packed(text, data)
    model = seeds.model(folder / "model")
    if rng.random() < 0.4:
        whole = bytes_of(seeds.packed(json.dumps(header).encode(), data), rng, 400)
    (model / "model.safetensors").write_bytes(whole)
    return model


def _file(name: str, document: Callable[[], Any]) -> Write:
    """A model whose file of that name is damaged."""

    def write(folder: Path, rng: Random) -> Path:
        model = seeds.model(folder / "model", index=name.endswith("index.json"))
        (model / name).write_bytes(json_of(document(), rng))
        return model

    return write


def _adapter(folder: Path, rng: Random) -> Path:
    adapter = seeds.adapter(folder / "adapter")
    (adapter / "adapter_config.json").write_bytes(json_of(seeds.ADAPTER, rng))
    return adapter


def _index(folder: Path, rng: Random) -> Path:
    """Names that lead out of the directory, and files of the wrong kind behind them."""
    model = seeds.model(folder / "model", index=True)
    names = (
        "../../outside/secret",
        str(folder / "outside" / "secret"),
        "config.json",
        "",
        ".",
        "/dev/zero",
        "a\0b",
    )
    seeds.write(model / "model.safetensors.index.json", seeds.index_of(rng.choice(names)))
    return model


_PARTS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors",
)


def _things(folder: Path, rng: Random) -> Path:
    """A directory, a pipe, a device, a dangling link or nothing where a file is meant."""
    model = seeds.model(folder / "model")
    _thing(model / rng.choice(_PARTS), rng)
    return model


def _thing(place: Path, rng: Random) -> None:
    if place.exists():
        place.unlink()
    match rng.randrange(6):
        case 0:
            place.mkdir()
        case 1:
            os.mkfifo(place)
        case 2:
            place.symlink_to("/dev/zero")
        case 3:
            place.symlink_to(place.name)
        case 4:
            place.symlink_to("nowhere")
        case _:
            place.write_bytes(b"")


def _run(folder: Path, rng: Random) -> Path:
    run = folder / "run"
    run.mkdir()
    if rng.random() < 0.06:
        _thing(run / "run.json", rng)
    else:
        (run / "run.json").write_bytes(json_of(seeds.record(), rng))
    return run


def _manifest(folder: Path, rng: Random) -> Path:
    build = seeds.build(folder / "build")
    whole = json.loads((build / "edgewright.json").read_text(encoding="utf-8"))
    if rng.random() < 0.3:
        names = (
            "../../outside/secret",
            str(folder / "outside" / "secret"),
            "/dev/zero",
            "",
            ".",
            "a\0b",
            "x" * 5000,
        )
        whole["files"][0]["path"] = rng.choice(names)
        seeds.write(build / "edgewright.json", whole)
    elif rng.random() < 0.1:
        _thing(build / rng.choice(["edgewright.json", "model.gguf"]), rng)
    else:
        (build / "edgewright.json").write_bytes(json_of(whole, rng))
    return build


def _policy(folder: Path, rng: Random) -> Path:
    file = folder / "policy.toml"
    if rng.random() < 0.04:  # no pipe: people give those themselves, and wait for them
        file.symlink_to("/dev/zero")
    else:
        file.write_bytes(toml_of(seeds.POLICY, rng))
    run = folder / "run"
    run.mkdir()
    seeds.write(run / "run.json", seeds.record())
    return file


def _template(folder: Path, rng: Random) -> Path:
    model = seeds.model(folder / "model")
    text = templates.template(rng)
    if rng.random() < 0.5:
        (model / "chat_template.jinja").write_bytes(text)
    else:
        settings = {**seeds.SETTINGS, "chat_template": text.decode("utf-8", errors="replace")}
        seeds.write(model / "tokenizer_config.json", settings)
    return model


def _large(folder: Path, rng: Random) -> Path:
    """Documents of a megabyte that cost much memory when they are read."""
    model = seeds.model(folder / "model")
    name = rng.choice(["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])
    inner = rng.choice([b"[]", b"{}", b"0", b'"a"', b'{"a":[]}', b"[[]]"])
    body = b"[" + b",".join([inner] * (1_000_000 // len(inner))) + b"]"
    (model / name).write_bytes(b'{"a":' + body + b"}")
    return model


KINDS = (
    Kind(name="GGUF bytes", count=180, write=_gguf, ways=_MODEL),
    Kind(name="GGUF settings and tensors", count=120, write=_gguf_settings, ways=_MODEL),
    Kind(name="GGUF split parts", count=40, write=_gguf_parts, ways=_MODEL),
    Kind(name="safetensors headers", count=120, write=_weights, ways=_MODEL),
    Kind(
        name="indexes",
        count=60,
        write=_file("model.safetensors.index.json", lambda: seeds.index_of(seeds.SHARD)),
        ways=_MODEL,
    ),
    Kind(name="indexes that lead elsewhere", count=20, write=_index, ways=_MODEL),
    Kind(name="config.json", count=150, write=_file("config.json", lambda: seeds.CONFIG), ways=_MODEL),
    Kind(
        name="generation_config.json",
        count=40,
        write=_file("generation_config.json", lambda: seeds.GENERATION),
        ways=(_ASSESS, *_TEXT),
    ),
    Kind(
        name="tokenizer.json",
        count=80,
        write=_file("tokenizer.json", seeds.tokenizer),
        ways=(_ASSESS, *_TEXT),
    ),
    Kind(
        name="tokenizer_config.json",
        count=80,
        write=_file("tokenizer_config.json", lambda: seeds.SETTINGS),
        ways=(_ASSESS, *_TEXT),
    ),
    Kind(name="adapter_config.json", count=40, write=_adapter, ways=_MODEL),
    Kind(name="no files in their places", count=40, write=_things, ways=(*_MODEL, *_TEXT)),
    Kind(name="large documents", count=16, write=_large, ways=(*_MODEL, *_TEXT)),
    Kind(name="chat templates", count=120, write=_template, ways=_TEXT),
    Kind(
        name="policy files",
        count=100,
        write=_policy,
        ways=(
            ("pick", "RUN", "--policy", "@"),
            ("optimize", "MODEL", "--policy", "@", "--offline", "--out", "OUT"),
        ),
    ),
    Kind(name="run.json", count=150, write=_run, ways=_RUN),
    Kind(name="manifests of builds", count=90, write=_manifest, ways=_BUILD),
)
