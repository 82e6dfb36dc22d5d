"""How a source was proven to be the model of its file, in one line."""

from __future__ import annotations

from edgewright.core.model.facts import Source


def proof_line(source: Source) -> str:
    """The figures of the proof; empty where the source was made from no file that a framework runs."""
    proof = source.proof
    if proof is None:
        return ""
    return (
        f"the source equals the model in the file: KL {proof.kl_exact:.1e} to its own weights (limit "
        f"{proof.limit_exact:.0e}), {proof.kl_file:.1e} to the file in {proof.framework} (limit "
        f"{proof.limit_file:g}); perplexity {proof.source_perplexity:.4g}, the file's "
        f"{proof.file_perplexity:.4g}, {proof.tokens:,} tokens"
    )
