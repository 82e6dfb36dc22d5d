"""``python -m benchmarks NAME``: run one, print its table, write ``benchmarks/out/NAME.json``; fails where a bound is missed."""

from __future__ import annotations

import importlib
import signal
import sys

NAMES = (
    "simulation",
    "fidelity",
    "quantized",
    "repeats",
    "defaults",
    "search",
    "pruning",
    "sparsity",
    "fituna",
    "proof",
    "families",
    "fuzz",
)


def main() -> int:
    """The exit status: 0 where every check holds."""
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        print(f"usage: make bench NAME=NAME; names: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C does: what was started is ended
    module = importlib.import_module(f"benchmarks.{sys.argv[1]}")
    status: int = module.main(sys.argv[2:])
    return status


if __name__ == "__main__":
    sys.exit(main())
