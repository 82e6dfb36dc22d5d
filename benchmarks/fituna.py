"""The same question to FiTuna and to edgewright: at least so many tokens/s, at most 5 % more perplexity, in llama.cpp.

``make bench NAME=fituna`` or ``python -m benchmarks fituna [--target TOK_S]``. Both begin with the same 16-bit GGUF file of the
demo's model, an empty store and the same llama.cpp. FiTuna comes from the package index into an environment of its own. Then both
answers are measured by llama.cpp's own programs, one after the other in turns: does each meet the target, and how long did each take?

By default the target is nine tenths of what llama-bench says of Q8_0 here.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.checks import OUT, Check, finish
from benchmarks.lab import Lab
from edgewright.sites.local.locks import machine

_VERSION = "0.3.6"
_MORE_PERPLEXITY = 0.05
_TURNS = 7
_DEFAULT_SHARE = 0.9


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one of them said: the build's file (None where it gave none), its word for it, and how long it took."""

    who: str
    build: str
    word: str
    seconds: float
    file: Path | None


def main(arguments: Sequence[str]) -> int:
    """Ask both, measure both answers, and hold edgewright's against the target and against FiTuna's time."""
    parser = argparse.ArgumentParser(prog="make bench NAME=fituna")
    parser.add_argument("--target", type=float, help="tokens/s (default: nine tenths of Q8_0's)")
    options = parser.parse_args(list(arguments))
    started = time.time()
    lab = Lab()
    model, text = lab.folder / "SmolLM2-135M-F16.gguf", lab.folder / "text.txt"
    shutil.copy(Path(lab.artifact("llamacpp", "f16").path) / "model.gguf", model)
    text.write_text(lab.text, encoding="utf-8")
    target = options.target or _DEFAULT_SHARE * _decode(
        lab, Path(lab.artifact("llamacpp", "q8_0").path) / "model.gguf"
    )
    print(
        f"the question: at least {target:.1f} tokens/s, at most {_MORE_PERPLEXITY:.0%} more perplexity",
        flush=True,
    )
    answers = [_fituna(lab, model, text, target), _edgewright(lab, model, text, target)]
    speeds = _in_turns(lab, answers)
    before = _perplexity(lab, model, text)
    checks = []
    for answer in answers:
        checks += _held(lab, answer, speeds.get(answer.who), before, text, target)
    theirs, ours = answers
    faster = Check(
        name="edgewright's time over FiTuna's",
        value=ours.seconds / theirs.seconds,
        unit="1",
        bound="<= 1",
        ok=ours.seconds <= theirs.seconds,
        note=f"{ours.seconds:.0f} s and {theirs.seconds:.0f} s",
    )
    return finish("fituna", [*checks, faster], started, target=target, speeds=speeds)


def _fituna(lab: Lab, model: Path, text: Path, target: float) -> Answer:
    """Its own defaults, but for a context that is as short as ours (by default it decodes after 3,456 tokens)."""
    out = lab.folder / "fituna"
    command = [
        *(_program(), "run", "--model", model, "--target-tps", f"{target:.3f}"),
        *("--max-quality-loss", f"{100 * _MORE_PERPLEXITY:g}", "--ctx", "512", "--quality-corpus", text),
        *("--llama-bin-dir", _programs(lab), "--out", out, "--json"),
    ]
    said, seconds = _timed(command, lab.environment("llamacpp"), lab)
    try:
        found = json.loads(said[said.index("{") :])
        file = Path(found["gguf_path"])
        word = "meets target" if found["meets_target"] else "best effort"
        return Answer(who="FiTuna", build=found["config"]["quant"], word=word, seconds=seconds, file=file)
    except (ValueError, KeyError):
        return Answer(who="FiTuna", build="none", word=said.strip()[-200:], seconds=seconds, file=None)


def _edgewright(lab: Lab, model: Path, text: Path, target: float) -> Answer:
    """The command line with an empty store; toolchains are those that are there."""
    home, out = lab.folder / "home", lab.folder / "run"
    home.mkdir()
    (home / "toolchains").symlink_to(lab.home.toolchains)
    command = [
        *(sys.executable, "-m", "edgewright.cli", "optimize", model, "--frameworks", "llamacpp", "--quick"),
        *("--min-decode-tok-s", f"{target:.3f}", "--max-perplexity-increase", f"{_MORE_PERPLEXITY:g}"),
        *("--eval-data", text, "--out", out, "--json", "--offline"),
    ]
    said, seconds = _timed(command, {**os.environ, "EDGEWRIGHT_HOME": str(home)}, lab, locked=False)
    try:
        choice = json.loads(said[said.index("{") :])["choice"]
    except ValueError:
        return Answer(who="edgewright", build="none", word=said.strip()[-200:], seconds=seconds, file=None)
    if choice["chosen"] is None:
        return Answer(
            who="edgewright", build="none", word=choice["reasons"][0]["code"], seconds=seconds, file=None
        )
    word = "provisional" if choice["provisional"] else "recommended"
    file = out / "best" / "model.gguf"
    return Answer(who="edgewright", build=choice["chosen"], word=word, seconds=seconds, file=file)


def _timed(
    command: Sequence[object], environment: dict[str, str], lab: Lab, *, locked: bool = True
) -> tuple[str, float]:
    """What a program printed and how long it took; edgewright holds the machine's lock itself."""
    run = [str(part) for part in command]
    print(" ".join(run), flush=True)

    def once() -> tuple[str, float]:
        began = time.monotonic()
        answer = subprocess.run(
            run, env=environment, cwd=lab.folder, capture_output=True, text=True, check=False, timeout=3600
        )
        return answer.stdout or answer.stderr, time.monotonic() - began

    if not locked:
        return once()
    with machine(lab.reporter.tell):
        return once()


def _program() -> Path:
    """FiTuna's command, in an environment that is made the first time.

    Raises:
        RuntimeError: the package index does not give it.
    """
    folder = OUT / f"fituna-{_VERSION}"
    program = folder / ("Scripts" if os.name == "nt" else "bin") / "fituna"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(program.with_name("python")), "-m", "pip", "install", "--quiet", f"fituna=={_VERSION}"]
        made = subprocess.run(pip, capture_output=True, text=True, check=False)
        if made.returncode:
            raise RuntimeError(f"FiTuna could not be installed: {made.stderr.strip()[-500:]}")
    return program


def _programs(lab: Lab) -> Path:
    """Where llama.cpp's own programs lie."""
    return Path(lab.toolchain_environment("llamacpp")["EDGEWRIGHT_LLAMA_CPP_BIN"])


def _decode(lab: Lab, file: Path) -> float:
    """Decoded tokens/s by llama-bench, after no prompt."""
    command = [
        _programs(lab) / "llama-bench",
        "-m",
        file,
        "-p",
        0,
        "-n",
        64,
        "-r",
        3,
        "-t",
        lab.threads,
        "-o",
        "json",
    ]
    said = lab.run(command, lab.environment("llamacpp"))
    results, _ = json.JSONDecoder().raw_decode(said[said.index("[") :])
    return float(results[0]["avg_ts"])


def _in_turns(lab: Lab, answers: Sequence[Answer]) -> dict[str, list[float]]:
    """Both builds side by side: either first in every other turn."""
    found: dict[str, list[float]] = {answer.who: [] for answer in answers if answer.file}
    for turn in range(_TURNS):
        for answer in answers if turn % 2 else reversed(answers):
            if answer.file:
                found[answer.who].append(_decode(lab, answer.file))
    return found


def _perplexity(lab: Lab, file: Path, text: Path) -> float:
    command = [
        _programs(lab) / "llama-perplexity",
        "-m",
        file,
        "-f",
        text,
        "-c",
        512,
        "--chunks",
        16,
        "-t",
        lab.threads,
    ]
    said = lab.run(command, lab.environment("llamacpp"))
    found = re.search(r"Final estimate: PPL = ([\d.]+)", said)
    if not found:
        raise RuntimeError(f"llama-perplexity gave no estimate: {said[-500:]}")
    return float(found.group(1))


def _held(
    lab: Lab, answer: Answer, speeds: list[float] | None, before: float, text: Path, target: float
) -> list[Check]:
    """Whether an answer meets both parts of the question; FiTuna's are reported, ours have to."""
    told = f"{answer.build}, {answer.word}, {answer.seconds:.0f} s"
    if answer.file is None or not speeds:
        return [Check(name=f"{answer.who}: an answer", value=None, unit="", bound="one", ok=None, note=told)]
    speed, more = median(speeds), _perplexity(lab, answer.file, text) / before - 1.0
    ours = answer.who == "edgewright"
    fast, exact = speed >= target, more <= _MORE_PERPLEXITY
    spread = f"{min(speeds):.1f} to {max(speeds):.1f} in {len(speeds)} turns"
    return [
        Check(
            name=f"{answer.who}: decode",
            value=speed,
            unit="token/s",
            bound=f">= {target:.1f}",
            ok=fast or not ours,
            note=f"{told}; {spread}{'' if fast else '; misses the target'}",
        ),
        Check(
            name=f"{answer.who}: more perplexity",
            value=more,
            unit="share",
            bound=f"<= {_MORE_PERPLEXITY:g}",
            ok=exact or not ours,
            note="" if exact else "misses the target",
        ),
    ]
