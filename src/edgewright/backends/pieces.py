"""How many rows of logits a session hands out at once: few enough for any vocabulary."""

from __future__ import annotations

_PIECE_BYTES = 128 * 2**20
_MOST = 512


def rows_at_once(vocabulary: int) -> int:
    """Rows of float32 logits that fit into 128 MiB, at most 512 and at least 16.

    512 rows of a vocabulary of 49,152 are 96 MiB: a usual scoring window is one piece. With 262,144 it is four.
    """
    return max(16, min(_MOST, _PIECE_BYTES // (4 * vocabulary)))
