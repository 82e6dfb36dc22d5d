"""Run in PyTorch's environment: a copy of a model directory with zeros in every matrix of its blocks.

``zeros.py MODEL OUT 2:4`` (the two smallest of each four neighbours in a row) or ``80%`` (the smallest of each matrix).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any


def main(model: str, out: str, pattern: str) -> None:
    """Copy, and change the weights in the copy."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415  # of that environment

    shutil.copytree(model, out)
    for file in Path(out).glob("*.safetensors"):
        weights = load_file(file)
        for name, matrix in weights.items():
            if ".layers." in name and matrix.dim() == 2:
                weights[name] = two_of_four(matrix) if pattern == "2:4" else four_fifths(matrix)
        save_file(weights, file, metadata={"format": "pt"})


def two_of_four(matrix: Any) -> Any:
    """Zeros for the two smallest of each four neighbours."""
    fours = matrix.reshape(-1, 4)
    small = fours.abs().topk(2, dim=1, largest=False).indices
    return fours.scatter(1, small, 0.0).reshape(matrix.shape)


def four_fifths(matrix: Any) -> Any:
    """Zeros for the smallest four fifths."""
    limit = matrix.abs().flatten().float().kthvalue(int(0.8 * matrix.numel())).values
    return matrix.masked_fill(matrix.abs() <= limit, 0.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
