"""CTranslate2's child half: converts with CTranslate2's own converter; `session` runs.

Law: frameworks are imported by the job that needs them. ``open`` imports CTranslate2 and numpy alone, because what is
imported counts in the memory that is measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgewright.backends.source_weights import check_weights
from edgewright.core.jobs.requests import BuildJob
from edgewright.core.jobs.results import BuildResult, Progress, SmokeResult
from edgewright.core.recipe.recipes import Option
from edgewright.errors import InputError, UnsupportedError
from edgewright.ports import Tell

from edgewright_ctranslate2.backend import buildable
from edgewright_ctranslate2.worker.session import CTranslate2Session

_MODEL = "model.bin"
_TOKENIZER = "tokenizer.json"
_RUNNING = ("ctranslate2", "tokenizers")
_BUILDING = ("ctranslate2", "transformers", "torch")
_CARRIED = (
    _TOKENIZER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "generation_config.json",
)
"""Carried over byte for byte, so that ids stay the same. ``config.json`` is not: CTranslate2 writes one of its own."""


class CTranslate2Worker:
    """See `edgewright.ports.Worker`. CTranslate2 has no profiler of operators, so neither has this."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """Write a decoder of random weights, and hold what it decodes against its logits."""
        import ctranslate2
        import tokenizers  # noqa: F401  # the import is what is tried

        from edgewright_ctranslate2.worker.smoke import check

        check(scratch)
        devices = ("cpu", *(f"cuda:{index}" for index in range(ctranslate2.get_cuda_device_count())))
        return SmokeResult(versions=_versions(_RUNNING), devices=devices)

    def smoke_build(self, scratch: Path) -> SmokeResult:
        """Import the converter and what it reads models with."""
        import torch  # noqa: F401  # the imports are what is tried
        import transformers  # noqa: F401
        from ctranslate2.converters import TransformersConverter

        del TransformersConverter, scratch
        return SmokeResult(versions=_versions(_BUILDING))

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """Run the converter on the source directory; nothing of the source's own code is run.

        Raises:
            InputError: the source is incomplete or damaged.
            UnsupportedError: the converter lacks the architecture or its kind of rotary embedding.
        """
        source, out = Path(job.source), Path(job.out)
        _check(source)
        from ctranslate2.converters import TransformersConverter

        tell(Progress(message="converting"))
        carried = [name for name in _CARRIED if (source / name).is_file()]
        converter = TransformersConverter(str(source), copy_files=carried, trust_remote_code=False)
        try:
            converter.convert(str(out), quantization=str(job.recipe.build["quantization"]))
        except NotImplementedError as error:  # what the converter raises for a model it does not know
            raise UnsupportedError(
                f"CTranslate2 cannot convert this model: {error}", hint="Build it with another framework."
            ) from error
        return BuildResult(weight_files=(_MODEL,), tools=_versions(_BUILDING))

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> CTranslate2Session:
        """Load an artifact, or any decoder that CTranslate2's converters wrote."""
        return CTranslate2Session(artifact, runtime)

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids by the artifact's ``tokenizer.json``: CTranslate2 reads tokens, and has no tokenizer of its own."""
        if not (artifact / _TOKENIZER).is_file():
            raise InputError(f"{artifact} holds no {_TOKENIZER}.", hint="Build it again.")
        from tokenizers import Tokenizer

        tokenizer: Any = Tokenizer.from_file(str(artifact / _TOKENIZER))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return [list(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts]


def _check(source: Path) -> None:
    """Refuse early, and in words, what the converter would refuse late, or convert wrongly."""
    kind, rope = _declared(source)
    for what, found, known in (
        ("model type", kind, tuple(buildable()["architectures"])),
        ("rotary embedding of kind", rope, tuple(buildable()["rope"])),
    ):
        if found not in known:
            raise UnsupportedError(
                f"The {what} {found} is not in this backend's table ({', '.join(known)}).",
                hint="Build this model with another framework.",
            )
    if not (source / _TOKENIZER).is_file():
        raise InputError(f"{source} has no {_TOKENIZER}.", hint=f"Add {_TOKENIZER} to the source directory.")
    check_weights(source)


def _declared(source: Path) -> tuple[str, str]:
    """Model type and kind of rotary embedding, by ``config.json`` in either spelling of the latter."""
    try:
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        return config["model_type"], rope.get("rope_type") or rope.get("type") or "default"
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f'{source} has no readable config.json with a "model_type".', hint="Fetch the model again."
        ) from error


def _versions(tools: Sequence[str]) -> dict[str, str]:
    return {name: version(name) for name in tools}


WORKER = CTranslate2Worker()
