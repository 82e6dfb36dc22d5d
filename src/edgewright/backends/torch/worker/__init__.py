"""The reference's child half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.adapter import write_merged
from edgewright.backends.torch.worker.gguf_source import write_from_gguf
from edgewright.backends.torch.worker.numbers import largest_weight, notes_of
from edgewright.backends.torch.worker.operators import profiled
from edgewright.backends.torch.worker.portable import write_from_directory
from edgewright.backends.torch.worker.pruning import write_pruned
from edgewright.backends.torch.worker.sensitivity import curves
from edgewright.backends.torch.worker.session import TorchSession
from edgewright.backends.torch.worker.variants import write_permuted, write_tiny
from edgewright.core.jobs.requests import BuildJob, SensitivityJob, SourceJob, SourceOperation
from edgewright.core.jobs.results import BuildResult, SensitivityResult, SmokeResult, SourceResult
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.recipe.recipes import Option
from edgewright.errors import UnsupportedError
from edgewright.ports import Tell


class TorchWorker:
    """See `edgewright.ports.SourceWorker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """A model of two layers is made, saved, read back and asked for logits."""
        import torch
        import transformers

        config = transformers.LlamaConfig(
            vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2
        )
        model = transformers.LlamaForCausalLM(config)
        model.save_pretrained(scratch / "tiny")
        (logits,) = TorchSession(scratch / "tiny", {}).score([1, 2, 3])
        if logits.shape != (3, 64):
            raise ArithmeticError(f"three tokens gave logits of shape {logits.shape}")
        versions = {"torch": str(torch.__version__), "transformers": str(transformers.__version__)}
        devices = ["cpu", *(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))]
        return SmokeResult(versions=versions, devices=tuple(devices))

    def write_source(self, job: SourceJob, tell: Tell) -> SourceResult:
        """Write a portable source directory; see `SourceOperation`."""
        origin, out = Path(job.origin), Path(job.out)
        out.mkdir(parents=True)
        if job.operation is SourceOperation.PRUNE:
            return _written(out, write_pruned(origin, out, job.options, job.ids, tell))
        operations: dict[SourceOperation, Any] = {
            SourceOperation.FROM_DIRECTORY: write_from_directory,
            SourceOperation.FROM_GGUF: write_from_gguf,
            SourceOperation.MERGE: write_merged,
            SourceOperation.TINY: write_tiny,
            SourceOperation.PERMUTE: write_permuted,
        }
        notes: Sequence[str] = operations[job.operation](origin, out, job.options, tell)
        return _written(out, notes)

    def sensitivity(self, job: SensitivityJob, tell: Tell) -> SensitivityResult:
        """Round groups of the source's weights, one at a time, on calibration ids."""
        return SensitivityResult(curves=curves(job, tell))

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """The reference runs the source directory itself; there is nothing to build."""
        del tell
        raise UnsupportedError(f"The reference framework cannot build {job.recipe.id}.")

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> TorchSession:
        """Load a portable source directory at its own precision, or in the ``dtype`` that ``runtime`` names."""
        return TorchSession(artifact, runtime)

    def profile(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
    ) -> OperatorProfile:
        """One request under torch.profiler; nothing is written."""
        del scratch
        return profiled(TorchSession(artifact, runtime), ids, tokens)

    def trace(self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int]) -> Mapping[int, Any]:
        """What comes out of each layer; see `tracing`."""
        return TorchSession(artifact, runtime).trace(ids)

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids as Transformers gives them, without special tokens."""
        import transformers

        tokenizer = transformers.AutoTokenizer.from_pretrained(artifact)
        return [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]


def _written(out: Path, notes: Sequence[str]) -> SourceResult:
    largest, where = largest_weight(out)
    return SourceResult(notes=(*notes, *notes_of(largest, where)), largest_weight=largest)


WORKER = TorchWorker()
