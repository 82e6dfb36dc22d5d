"""llama.cpp's child half. What needs the binding, the converter or the tools is imported when a job asks for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from edgewright.backends.llamacpp.worker import conversion
from edgewright.backends.llamacpp.worker.mixing import tensor_types
from edgewright.backends.threads import thread_count
from edgewright.core.jobs.requests import BuildJob
from edgewright.core.jobs.results import BuildResult, Progress, SmokeResult
from edgewright.core.model.gguf.parts import part_names
from edgewright.errors import InputError, ToolchainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from edgewright.backends.llamacpp.worker.session import LlamaSession
    from edgewright.core.measurement.data import Calibration
    from edgewright.core.measurement.operators import OperatorProfile
    from edgewright.core.recipe.recipes import Option
    from edgewright.ports import Tell

_RUNNING = ("llama-cpp-python",)
_BUILDING = (*_RUNNING, "torch", "transformers")
_IMPORTANCE, _GIVEN = "importance.gguf", "GIVEN"
_TRIED = (1, 5, 9, 13)
_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")
"""As llama.cpp's gguf-split names them; the library finds them by the first."""


class LlamaCppWorker:
    """See `edgewright.ports.Worker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """Quantizer, library and binding on a tiny model: do they work, and do they work together?"""
        scratch.mkdir(parents=True, exist_ok=True)
        _demand_layout()
        _demand_agreement(scratch)
        return SmokeResult(versions=_versions(_RUNNING), devices=_devices())

    def smoke_build(self, scratch: Path) -> SmokeResult:
        """Does the converter start? The other tools belong to the run half."""
        del scratch
        _demand_converter()
        return SmokeResult(versions=_versions(_BUILDING))

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """Convert the source to float16, observe that on calibration text, or quantize what was observed or converted.

        Raises:
            UnsupportedError: the converter refuses the architecture or the tokenizer.
            InputError: the source or the base cannot be read.
        """
        out = Path(job.out)
        out.mkdir(parents=True)
        target, kind = out / conversion.WEIGHTS, str(job.recipe.build["type"])
        if job.calibration:
            _observe(Path(job.base), out, job.calibration, tell)
        elif job.recipe.base:
            _quantize(Path(job.base), target, job.recipe.build, tell)
        elif kind == _GIVEN:
            target = _give(Path(job.original), out)
        elif job.original:
            conversion.dequantize(
                Path(job.original),
                target,
                kind,
                thread_count({}),
                _follow(tell, "dequantizing the GGUF file"),
            )
        else:
            conversion.convert(Path(job.source), target, kind.lower(), _follow(tell, "converting to GGUF"))
        _demand_loadable(target)
        files = sorted(file.name for file in out.glob("*.gguf") if file.name != _IMPORTANCE)
        notes = conversion.type_notes(kind, conversion.stored_types(target))
        return BuildResult(weight_files=tuple(files), tools=_versions(_BUILDING), notes=notes)

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> LlamaSession:
        """Map the model file, whatever its name."""
        from edgewright.backends.llamacpp.worker.session import LlamaSession

        return LlamaSession(model_file(artifact), runtime)

    def profile(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
    ) -> OperatorProfile:
        """One request under the evaluation callback; nothing is written."""
        from edgewright.backends.llamacpp.worker.operators import profiled

        del scratch
        return profiled(self.open(artifact, runtime), ids, tokens)

    def trace(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int]
    ) -> Mapping[int, NDArray[np.float32]]:
        """What comes out of each layer; see `tracing`."""
        from edgewright.backends.llamacpp.worker.tracing import trace

        return trace(self.open(artifact, runtime), ids)

    def time_types(self, types: Sequence[str], scratch: Path) -> Mapping[str, float]:
        """Decoding with random weights of each type; see `kernels`."""
        from edgewright.backends.llamacpp.worker.kernels import time_types

        return time_types(types, scratch)

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids by llama.cpp's own tokenizer."""
        from edgewright.backends.llamacpp.worker.session import tokenize

        return tokenize(model_file(artifact), texts)


def _give(original: Path, out: Path) -> Path:
    """The file itself, all its parts, under the names that the library finds them by."""
    names = part_names(original.name, {file.name for file in original.parent.iterdir()})
    targets = [out / (conversion.WEIGHTS if len(names) == 1 else name) for name in names]
    for name, target in zip(names, targets, strict=True):
        _link_or_copy((original.parent / name).resolve(), target)
    return targets[0]


def _link_or_copy(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(file, target)


def _observe(base: Path, out: Path, calibration: Calibration, tell: Tell) -> None:
    """The float16 model beside its importance matrix; the model is the base's own file under a second name."""
    model, text = out / conversion.WEIGHTS, out / "calibration.txt"
    _link_or_copy(base / conversion.WEIGHTS, model)
    text.write_text(calibration.text, encoding="utf-8")
    follow = _follow(tell, "observing the model on calibration text")
    conversion.observe(model, text, out / _IMPORTANCE, thread_count({}), follow)
    text.unlink()


def _quantize(base: Path, target: Path, options: Mapping[str, Option], tell: Tell) -> None:
    source, importance, kind = base / conversion.WEIGHTS, base / _IMPORTANCE, str(options["type"])
    conversion.quantize(
        source,
        target,
        kind,
        thread_count({}),
        _follow(tell, f"quantizing to {kind}"),
        importance=importance if importance.is_file() else None,
        types=tensor_types(str(options["types"]), source) if "types" in options else None,
    )


def model_file(artifact: Path) -> Path:
    """The GGUF file of an artifact: ours, or the one that another tool put there (of a split model the first part).

    Raises:
        InputError: there is none, or more than one.
    """
    if artifact.is_file():
        return artifact
    ours = artifact / conversion.WEIGHTS
    found = [ours] if ours.is_file() else sorted(artifact.glob("*.gguf"))
    found = [file for file in found if not _LATER_PART.search(file.name)]
    if len(found) != 1:
        said = f"{len(found)} GGUF files" if found else "no GGUF file"
        raise InputError(f"{artifact.name} holds {said}.", hint="Name the directory of one model.")
    return found[0]


def _demand_loadable(file: Path) -> None:
    """The converter writes what it is given, even a model without weights; the library is stricter."""
    from edgewright.backends.llamacpp.worker.binding import PlacementLog, binding
    from edgewright.backends.llamacpp.worker.session import load_model

    lib = binding()
    log = PlacementLog(lib)
    try:
        lib.llama_model_free(load_model(lib, file))
    except InputError as error:
        cause = f": {log.errors[0]}" if log.errors else ""
        raise InputError(
            f"llama.cpp does not load what its own converter wrote{cause}.",
            hint="Either llama.cpp lacks this variant of the architecture, or weights and config.json of the source do not fit.",
        ) from error


def _follow(tell: Tell, message: str) -> Callable[[str], None]:
    tell(Progress(message=message))

    def on_line(line: str) -> None:
        if (fraction := conversion.fraction_of(line)) is not None:
            tell(Progress(message=message, fraction=fraction))

    return on_line


def _demand_converter() -> None:
    script = conversion.directory(conversion.SOURCE_VARIABLE) / "convert_hf_to_gguf.py"
    command = [sys.executable, str(script), "--print-supported-models"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode or "LlamaForCausalLM" not in said.stdout + said.stderr:
        sys.stderr.write(said.stdout + said.stderr)
        raise ToolchainError("llama.cpp's converter does not start.", hint="Install the toolchain anew.")


def _demand_layout() -> None:
    """Structs cross the border by value: defaults that make no sense mean that the declarations are of another version."""
    from edgewright.backends.llamacpp.worker.binding import binding

    lib = binding()
    params = lib.llama_context_default_params()
    sane = params.type_k == params.type_v == lib.GGML_TYPE_F16 and 0 < params.n_ubatch <= params.n_batch
    if not sane:
        raise _misfit("the default settings that the library gives are not readable")


def _demand_agreement(scratch: Path) -> None:
    """The library computes the tiny model, and what llama-quantize makes of it comes out nearly the same."""
    import numpy as np

    from edgewright.backends.llamacpp.worker import tiny
    from edgewright.backends.llamacpp.worker.session import LlamaSession

    plain, quantized = scratch / "tiny.gguf", scratch / "tiny-q8_0.gguf"
    tiny.write(conversion.gguf(), plain)
    conversion.quantize(plain, quantized, "Q8_0", 1, lambda _: None)
    logits = []
    for file in (plain, quantized):
        session = LlamaSession(file, {"threads": 1})
        logits.append(np.concatenate(list(session.score(_TRIED))))
        steps = list(session.generate(_TRIED, 2))
        session.close()
        if steps[0] != int(logits[-1][-1].argmax()):
            raise _misfit("scoring and generating disagree")
    correlation = float(np.corrcoef(logits[0].ravel(), logits[1].ravel())[0, 1])
    if not (np.isfinite(logits).all() and correlation > 0.99):
        raise _misfit(f"a tiny model and its quantized copy correlate by {correlation:.3f} only")


def _misfit(what: str) -> ToolchainError:
    return ToolchainError(
        f"The llama.cpp library and llama-cpp-python {version('llama-cpp-python')} do not fit: {what}.",
        hint="Install the toolchain without LLAMA_CPP_HOME, so that it compiles a library that fits.",
    )


def _versions(packages: Sequence[str]) -> dict[str, str]:
    tools = {"llama.cpp": _tools_version(conversion.directory(conversion.BIN_VARIABLE))}
    return {**tools, **{name: version(name) for name in packages}}


def _tools_version(folder: Path) -> str:
    """What the first tool that answers ``--version`` says of itself; llama-quantize does not answer."""
    for name in ("llama-bench", "llama-imatrix", "llama-perplexity"):
        tool = folder / (f"{name}.exe" if sys.platform == "win32" else name)
        if not tool.is_file():
            continue
        environment = conversion.tool_environment(folder)
        said = subprocess.run(
            [str(tool), "--version"], capture_output=True, text=True, check=False, env=environment
        )
        for line in (said.stdout + said.stderr).splitlines():
            if line.startswith("version:"):
                return line.removeprefix("version:").strip()
    return "unknown"


def _devices() -> tuple[str, ...]:
    from edgewright.backends.llamacpp.worker.binding import binding

    return ("cpu", "gpu") if binding().llama_supports_gpu_offload() else ("cpu",)


WORKER = LlamaCppWorker()
