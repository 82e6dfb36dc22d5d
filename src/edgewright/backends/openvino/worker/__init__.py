"""OpenVINO's child half: export, compression and tokenizer copy here; running in `session`.

Law: frameworks are imported by the job that needs them. ``open`` imports OpenVINO alone, because what is imported
counts in the memory that is measured.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgewright.backends.openvino.worker.compressing import compressed, notes_of
from edgewright.backends.openvino.worker.halving import halve
from edgewright.backends.openvino.worker.operators import profiled
from edgewright.backends.openvino.worker.session import OpenVinoSession
from edgewright.backends.source_weights import check_weights
from edgewright.core.jobs.requests import BuildJob
from edgewright.core.jobs.results import BuildResult, Progress, SmokeResult
from edgewright.core.measurement.data import Calibration
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.recipe.artifact import MANIFEST_NAME
from edgewright.core.recipe.recipes import Option
from edgewright.errors import InputError, UnsupportedError, WorkerError
from edgewright.ports import Tell

_MODEL = "openvino_model.xml"
_WEIGHTS = "openvino_model.bin"
_TOKENIZER = "openvino_tokenizer.xml"
_TASK = "text-generation-with-past"
_RUNNING = ("openvino", "openvino-genai", "openvino-tokenizers")
_BUILDING = ("openvino", "nncf", "optimum-intel", "openvino-tokenizers", "transformers", "torch")
_COPIED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)


class OpenVinoWorker:
    """See `edgewright.ports.Worker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """Compile and run x + 1, with everything imported that a session needs."""
        import numpy as np
        import openvino as ov
        import openvino_genai

        del openvino_genai, scratch
        core: Any = ov.Core()
        ops: Any = ov.opset13
        x = ops.parameter([2], ov.Type.f32, name="x")
        compiled = core.compile_model(ov.Model([ops.add(x, np.float32(1.0))], [x]), "CPU")
        if not np.array_equal(compiled(np.array([1.0, 2.0], np.float32))[0], [2.0, 3.0]):
            raise ArithmeticError("OpenVINO computed x + 1 wrongly.")
        devices = tuple(
            f"{name}: {core.get_property(name, 'FULL_DEVICE_NAME')}" for name in core.available_devices
        )
        return SmokeResult(versions=_versions(_RUNNING), devices=devices)

    def smoke_build(self, scratch: Path) -> SmokeResult:
        """Import the exporter, the compressor and the tokenizers' converter."""
        import nncf
        import openvino_tokenizers
        from optimum.exporters.openvino import main_export

        del nncf, openvino_tokenizers, main_export, scratch
        return SmokeResult(versions=_versions(_BUILDING))

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """Export the source, or compress the export that ``job.base`` holds."""
        out = Path(job.out)
        out.mkdir(parents=True)
        notes = (
            _compress(Path(job.base), out, job.recipe.build, job.calibration, tell)
            if job.base
            else _export(job, out, tell)
        )
        # Exporters can return without having written: only the files count.
        for name in (_MODEL, _WEIGHTS):
            if not (out / name).is_file():
                raise WorkerError(f"The build ended without {name}.", hint="Its log says why.")
        return BuildResult(weight_files=(_WEIGHTS,), tools=_versions(_BUILDING), notes=notes)

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> OpenVinoSession:
        """Compile an artifact for the CPU."""
        return OpenVinoSession(_graph(artifact), runtime)

    def profile(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
    ) -> OperatorProfile:
        """One request with the plugin's performance counters on; nothing is written."""
        del scratch
        return profiled(OpenVinoSession(_graph(artifact), runtime, profile=True), ids, tokens)

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids by the converted tokenizer, run as OpenVINO GenAI runs it."""
        if not (artifact / _TOKENIZER).is_file():
            raise UnsupportedError(
                "This artifact has no OpenVINO copy of its tokenizer.",
                hint="Its build notes say why the tokenizer could not be converted.",
            )
        import openvino_genai

        tokenizer: Any = openvino_genai.Tokenizer(str(artifact))
        # One by one: a batch would be padded. An empty text has no shape that the tokenizer model accepts.
        return [_encode(tokenizer, text) if text else [] for text in texts]


def _graph(artifact: Path) -> Path:
    if not (artifact / _MODEL).is_file():
        raise InputError(f"{artifact} holds no {_MODEL}.", hint="Build it again.")
    return artifact / _MODEL


def _encode(tokenizer: Any, text: str) -> list[int]:
    encoded = tokenizer.encode(text, add_special_tokens=False)
    return [int(token) for token in encoded.input_ids.data.reshape(-1)]


def _versions(tools: Sequence[str]) -> dict[str, str]:
    return {tool: version(tool) for tool in tools}


# --- export ---


def _export(job: BuildJob, out: Path, tell: Tell) -> tuple[str, ...]:
    source = Path(job.source)
    _check_source(source)
    check_weights(source)
    tell(Progress(message="Exporting to OpenVINO"))
    if job.recipe.build["dtype"] == "fp16":
        whole = out / "float32"
        _run_export(source, whole, sixteen=_sixteen(source))
        tell(Progress(message="Storing the weights in float16", fraction=0.8))
        halve(whole / _MODEL, out / _MODEL)
        shutil.rmtree(whole)
    else:
        _run_export(source, out, sixteen=False)
    tell(Progress(message="Converting the tokenizer", fraction=0.9))
    _copy(
        source, out, _COPIED
    )  # the exporter saves its own rendering of them; the source's bytes are the model's
    return _convert_tokenizer(source, out)


def _sixteen(source: Path) -> bool:
    """Whether the source's weights have 16 bits, so that their export need not be larger."""
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    return config.get("dtype") in {"float16", "bfloat16"}


def _run_export(source: Path, out: Path, *, sixteen: bool) -> None:
    """Optimum Intel's export: every constant in float32, or the weights in float16 (``sixteen``) and others as they are."""
    from optimum.exporters.openvino import main_export
    from optimum.intel.openvino.configuration import OVConfig

    try:
        main_export(
            str(source),
            str(out),
            task=_TASK,
            framework="pt",
            library_name="transformers",
            local_files_only=True,
            ov_config=OVConfig(dtype="fp32"),
            model_loading_kwargs={"torch_dtype": "float16"} if sixteen else None,
            stateful=True,
            convert_tokenizer=False,
        )
    except ValueError as error:
        if "version of Transformers" not in str(error):
            raise
        # Each export configuration has its range of Transformers versions; the toolchain has one version for all.
        raise UnsupportedError(f"Optimum Intel cannot export this model here: {error}") from error


def _check_source(source: Path) -> None:
    """Refuse what cannot be exported before the weights are read.

    Raises:
        InputError: no readable config.json.
        UnsupportedError: the exporter does not know the model type.
    """
    try:
        model_type = str(json.loads((source / "config.json").read_text(encoding="utf-8"))["model_type"])
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{source} has no readable config.json with a model_type.") from error
    import optimum.exporters.openvino.model_configs
    from optimum.exporters.tasks import TasksManager

    del optimum
    try:
        tasks = TasksManager.get_supported_tasks_for_model_type(
            model_type, "openvino", library_name="transformers"
        )
    except KeyError:
        tasks = {}
    if _TASK not in tasks:
        raise UnsupportedError(
            f'Optimum Intel cannot export model type "{model_type}" for text generation.',
            hint="Use another framework for this model.",
        )


def _convert_tokenizer(source: Path, out: Path) -> tuple[str, ...]:
    """Write OpenVINO's tokenizer and detokenizer; a tokenizer that cannot be converted is a note, not a failure."""
    import openvino as ov
    from openvino_tokenizers import convert_tokenizer
    from transformers import AutoTokenizer

    try:
        converted: Any = convert_tokenizer(AutoTokenizer.from_pretrained(source), with_detokenizer=True)
    # openvino_tokenizers raises any of these for a tokenizer that it has no conversion for.
    except (RuntimeError, NotImplementedError, ov.exceptions.OVTypeError) as error:
        return (
            f"OpenVINO could not convert the tokenizer ({error}); tokenizer.json travels with the build instead.",
        )
    for model, name in zip(converted, ("openvino_tokenizer", "openvino_detokenizer"), strict=True):
        ov.save_model(model, out / f"{name}.xml", compress_to_fp16=False)
    return ()


def _copy(source: Path, out: Path, names: Sequence[str]) -> None:
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)


# --- compression ---


def _compress(
    base: Path, out: Path, options: Mapping[str, Option], calibration: Calibration | None, tell: Tell
) -> tuple[str, ...]:
    tell(Progress(message="Compressing weights with NNCF"))
    import openvino as ov

    model = ov.Core().read_model(base / _MODEL)
    model = compressed(model, options, calibration)
    _drop_cache_precision(model)
    ov.save_model(model, out / _MODEL, compress_to_fp16=False)
    _copy(
        base,
        out,
        [p.name for p in base.iterdir() if p.is_file() and p.name not in {_MODEL, _WEIGHTS, MANIFEST_NAME}],
    )
    return notes_of(model, int(options.get("group_size", -1)))


def _drop_cache_precision(model: Any) -> None:
    """Forget the float16 KV cache that an unquantized export asks for, as Optimum Intel does when it quantizes."""
    path = ["runtime_options", "KV_CACHE_PRECISION"]
    if model.has_rt_info(path):
        options = model.get_rt_info("runtime_options").value
        options.pop("KV_CACHE_PRECISION")
        model.set_rt_info(options, "runtime_options")


WORKER = OpenVinoWorker()
