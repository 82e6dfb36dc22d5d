"""The KL divergence that rounding one group of weights costs the original, on calibration ids.

The layers before a rounded group compute what they computed before, so they are not run again: each hands on what was
recorded. Weights are rounded to nearest in groups along the row, each with its own scale and offset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import gcd
from pathlib import Path
from typing import Any

from edgewright.core.jobs.requests import SensitivityJob
from edgewright.core.jobs.results import Progress
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD, Cost, Curve, Group
from edgewright.ports import Tell


def curves(job: SensitivityJob, tell: Tell) -> tuple[Curve, ...]:
    """One curve for each group of the job, in their order."""
    replay = _Replay(Path(job.source), job.ids)
    found = []
    for number, group in enumerate(job.groups):
        message = f"rounding {group.name}"
        tell(Progress(message=message, fraction=number / len(job.groups)))
        weights = replay.weights(group)
        costs = []
        for bits in job.bits:
            with rounded(weights, bits, job.group_size):
                costs.append(Cost(bits=bits, kl=replay.divergence(group)))
        found.append(Curve(group=group, costs=tuple(costs)))
    return tuple(found)


@contextmanager
def rounded(weights: Sequence[Any], bits: int, group_size: int) -> Iterator[None]:
    """Weights rounded in place for as long as the block lasts, then put back."""
    kept = [weight.data for weight in weights]
    try:
        for weight in weights:
            weight.data = round_to_nearest(weight.data, bits, group_size)
        yield
    finally:
        for weight, original in zip(weights, kept, strict=True):
            weight.data = original


def round_to_nearest(weight: Any, bits: int, group_size: int) -> Any:
    """A matrix [rows, columns] with every group of columns on ``2 ** bits`` evenly spaced levels from its least to its most.

    Rows that do not divide into groups take the largest size that divides both.
    """
    rows, columns = weight.shape
    groups = weight.reshape(rows, -1, gcd(columns, group_size))
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    step = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    return (((groups - low) / step).round() * step + low).reshape(rows, columns)


class _Replay:
    """The model with what each of its layers put out for the ids, and what it answered."""

    def __init__(self, source: Path, ids: Sequence[int]) -> None:
        import torch
        import transformers

        self._torch = torch
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
        self._model = _untied(torch, model.eval().to(device))
        self._ids = torch.tensor([list(ids)], device=device)
        self._layers = _layers_of(model)
        self._outputs: list[Any] = []
        hooks = [layer.register_forward_hook(self._record) for layer in self._layers]
        self._base = self._log_probabilities()
        for hook in hooks:
            hook.remove()

    def weights(self, group: Group) -> list[Any]:
        """The parameters of a group; the ends are found by their use, because a tied matrix has two."""
        if group.name == EMBEDDING:
            return [self._model.get_input_embeddings().weight]
        if group.name == HEAD:
            return [self._model.get_output_embeddings().weight]
        return [self._model.get_parameter(name) for name in group.tensors]

    def divergence(self, group: Group) -> float:
        """Mean KL(original || model as it is now), in nat per token; the layers before the group are not run."""
        first = len(self._layers) if group.name == HEAD else max(group.first, 0)
        with self._from(first):
            now = self._log_probabilities()
        return float((self._base.exp() * (self._base - now)).sum(-1).mean())

    def _record(self, layer: Any, given: Any, output: Any) -> None:
        del layer, given
        self._outputs.append(output)

    def _log_probabilities(self) -> Any:
        with self._torch.inference_mode():
            logits = self._model(self._ids, use_cache=False).logits[0]
            return self._torch.log_softmax(logits.double(), dim=-1)  # small costs drown in float32's rounding

    @contextmanager
    def _from(self, first: int) -> Iterator[None]:
        """The layers before ``first`` hand on what came out of them in the original."""
        skipped = self._layers[:first]
        for layer, output in zip(skipped, self._outputs, strict=False):
            layer.forward = _constant(output)
        try:
            yield
        finally:
            for layer in skipped:
                del layer.forward


def _constant(output: Any) -> Any:
    return lambda *_, **__: output


def _untied(torch: Any, model: Any) -> Any:
    """The model with a head of its own, so that each use of a tied matrix can be rounded alone."""
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head.weight is embedding.weight:
        head.weight = torch.nn.Parameter(embedding.weight.detach().clone(), requires_grad=False)
    return model


def _layers_of(model: Any) -> list[Any]:
    """The model's layers in their order; none where it keeps them otherwise, and then everything is run every time."""
    return list(getattr(model.base_model, "layers", ()))
