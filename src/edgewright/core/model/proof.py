"""What was seen when a portable source was compared with the file that it was made from."""

from __future__ import annotations

from dataclasses import dataclass

EXACT_KL = 1e-3
"""Nat a token between the source and the file's own weights in 16 bits: what every unquantized conversion is allowed."""
KERNEL_KL = 0.05
"""Nat a token between the source and the file in the kernels for its types, which round activations to 8 bits as well.
docs/explanation/proof.md has the figures that it was taken from."""
ROUTED = 10.0
"""With experts, rounding sends a token that lies between two of them to the other one, so they may differ by so much more: a
Mixtral of random weights has 3e-3 in float16 where it has 5e-4 in float32."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """KL divergences in nat a token and perplexities over the same ``tokens``, by ``framework``, which runs the file itself.

    ``kl_file`` is that of the file as it is, ``kl_exact`` of its weights in 16 bits, where no kernel rounds activations; a file
    of floating-point weights is exact as it is.
    """

    framework: str
    tokens: int
    file_perplexity: float
    source_perplexity: float
    kl_file: float
    kl_exact: float
    limit_file: float = KERNEL_KL
    limit_exact: float = EXACT_KL

    @property
    def holds(self) -> bool:
        """Whether the source is the file's model: near it in one of the two forms, and not far in the kernels it runs in."""
        return min(self.kl_exact, self.kl_file) < self.limit_exact and self.kl_file < self.limit_file
