"""Perplexity and KL divergence beside llama-perplexity, with its positions and, for KL, with its clipping."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from gguf import GGUFReader

from benchmarks.checks import Check, at_most
from benchmarks.lab import Lab
from edgewright.app.steps.score import REFERENCE_FILE
from edgewright.core.recipe.artifact import Artifact
from edgewright.worker.packed import open_packed, unpack

_CONTEXT, _CHUNKS = 512, 8
_CLIP = 16.0


def compare(lab: Lab) -> list[Check]:
    """The same text, the same library; llama-perplexity scores the second half of each window."""
    text = lab.folder / "text.txt"
    text.write_text(lab.text, encoding="utf-8")
    base, quantized = lab.artifact("llamacpp", "f16"), lab.artifact("llamacpp", "q4_k_m")
    ids = _windows(lab, base)
    checks = []
    logp = {}
    for artifact in (base, quantized):
        scores, place = lab.scores(artifact, ids, _CONTEXT, keep=True)
        picked = _second_halves(np.asarray(scores.nll))
        logp[artifact.recipe.name] = place / REFERENCE_FILE
        theirs = _perplexity(lab, artifact, text)
        delta = abs(float(picked.mean()) - float(np.log(theirs)))
        note = f"ours {np.exp(picked.mean()):.4f}, llama-perplexity {theirs:.4f}"
        checks.append(at_most(f"|delta ln PPL| of {artifact.recipe.name}", delta, 1e-4, "nat", note))
    theirs_kl = _divergence(lab, base, quantized, text)
    clipped, exact = _our_divergence(logp[base.recipe.name], logp[quantized.recipe.name])
    bound = 1e-5 + 1e-3 * theirs_kl
    note = f"llama-perplexity {theirs_kl:.6f}, ours with its clipping {clipped:.6f}, at full precision {exact:.6f}"
    checks.append(
        at_most("|delta KL| of q4_k_m against f16", abs(clipped - theirs_kl), bound, "nat/token", note)
    )
    return checks


def _windows(lab: Lab, artifact: Artifact) -> tuple[int, ...]:
    """Its windows: disjoint, the first token replaced by BOS if the model adds one."""
    ids = list(lab.ids[: _CONTEXT * _CHUNKS])
    fields = GGUFReader(Path(artifact.path) / "model.gguf").fields
    adds = fields.get("tokenizer.ggml.add_bos_token")
    if adds is not None and bool(adds.contents()):
        bos = int(fields["tokenizer.ggml.bos_token_id"].contents())
        for start in range(0, len(ids), _CONTEXT):
            ids[start] = bos
    return tuple(ids)


def _second_halves(
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Positions n/2+1 .. n-1 of each window; row j of a window is what predicts its token j + 1."""
    by_window = rows.reshape(_CHUNKS, _CONTEXT - 1, *rows.shape[1:])
    return by_window[:, _CONTEXT // 2 :].reshape(-1, *rows.shape[1:])


def _program(lab: Lab) -> Path:
    return lab.root("llamacpp") / "native" / "bin" / "llama-perplexity"


def _command(lab: Lab, artifact: Artifact, text: Path) -> list[str]:
    shape = ["-c", str(_CONTEXT), "-b", str(_CONTEXT), "--chunks", str(_CHUNKS), "-t", str(lab.threads)]
    return [str(_program(lab)), "-m", f"{artifact.path}/model.gguf", "-f", str(text), *shape]


def _perplexity(lab: Lab, artifact: Artifact, text: Path) -> float:
    said = lab.run(_command(lab, artifact, text), lab.environment("llamacpp"))
    found = re.search(r"Final estimate: PPL = ([\d.]+)", said)
    if not found:
        raise RuntimeError(f"llama-perplexity gave no estimate: {said[-500:]}")
    return float(found.group(1))


def _divergence(lab: Lab, base: Artifact, quantized: Artifact, text: Path) -> float:
    kept = lab.folder / "base.kld"
    environment = lab.environment("llamacpp")
    lab.run([*_command(lab, base, text), "--kl-divergence-base", str(kept)], environment)
    said = lab.run(
        [*_command(lab, quantized, text), "--kl-divergence-base", str(kept), "--kl-divergence"], environment
    )
    kept.unlink()
    found = re.search(r"Mean\s+KLD:\s+([-\d.]+)", said)
    if not found:
        raise RuntimeError(f"llama-perplexity gave no KL divergence: {said[-500:]}")
    return float(found.group(1))


def _our_divergence(base: Path, other: Path) -> tuple[float, float]:
    """Mean KL over its positions: as it keeps the base (16 bits over at most 16 nat, the rest cut off), and in full."""
    left, right = open_packed(base), open_packed(other)
    keep = _second_halves(np.arange(len(left), dtype=float)).astype(int)
    clipped, exact = [], []
    for rows in np.array_split(keep, len(keep) // 64):
        p, q = unpack(left[rows]), unpack(right[rows])
        exact += (np.exp(p) * (p - q)).sum(axis=1).tolist()
        coded = _as_llama_keeps(p)
        terms = np.where(coded > -_CLIP, np.exp(coded) * (coded - q), 0.0)
        clipped += terms.sum(axis=1).tolist()
    return float(np.mean(clipped)), float(np.mean(exact))


def _as_llama_keeps(
    logp: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """65,536 even steps from the row's top down to its least, at most 16 nat below."""
    top = logp.max(axis=1, keepdims=True)
    least = np.maximum(logp.min(axis=1, keepdims=True), top - _CLIP)
    step = (top - least) / 65535.0
    codes = np.where(logp > least, np.rint((logp - least) / step), 0.0)
    kept: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = codes * step + least
    return kept
