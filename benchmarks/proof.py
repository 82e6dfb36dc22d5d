"""What right intakes of GGUF files differ by from the files: the figures that the bounds of the proof were taken from.

``python -m benchmarks proof FILE.gguf [FILE.gguf ...]``; without a file, the demo's. Each file is made into every type by
llama-quantize, and each result goes through intake and proof like any file.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.checks import Check, at_most, finish
from edgewright.app.intake.sources import source_of
from edgewright.cli.progress import TerminalReporter
from edgewright.core.model.proof import EXACT_KL, KERNEL_KL, Proof
from edgewright.environment import Environment
from edgewright.inputs.demo_model import fetch
from edgewright.inputs.models import Trust, locate

_TYPES = ("BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "IQ4_NL", "Q3_K_M", "Q2_K")


def main(arguments: Sequence[str]) -> int:
    """Prove each file in each type; every figure has to keep its bound."""
    started = time.time()
    checks: list[Check] = []
    with tempfile.TemporaryDirectory() as folder:
        context = Environment().context(Path(folder) / "logs", TerminalReporter())
        state = context.toolchains.ensure(
            context.backends["llamacpp"].toolchain.builder, context.reporter.tell
        )
        tools = Path(state.environment["EDGEWRIGHT_LLAMA_CPP_BIN"])
        for file in [Path(name) for name in arguments] or [
            fetch(context.downloads, context.reporter, offline=False)
        ]:
            for kind in ("as given", *_TYPES):
                made = file if kind == "as given" else _requantized(tools, file, kind, Path(folder))
                source = source_of(context, locate(str(made), offline=True, trust=Trust()), Trust())
                if source.proof:
                    checks += _checks(f"{file.stem} {kind}", source.proof)
    return finish("proof", checks, started)


def _checks(name: str, proof: Proof) -> list[Check]:
    return [
        at_most(f"{name}: the file as it is", proof.kl_file, KERNEL_KL, "nat/token"),
        at_most(f"{name}: its own weights", proof.kl_exact, EXACT_KL, "nat/token"),
    ]


def _requantized(tools: Path, file: Path, kind: str, folder: Path) -> Path:
    target = folder / f"{file.stem}-{kind}.gguf"
    command = [str(tools / "llama-quantize"), "--allow-requantize", str(file), str(target), kind]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tools), "DYLD_LIBRARY_PATH": str(tools)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return target
