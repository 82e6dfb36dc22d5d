"""Where MLX's time goes, module by module: MLX has no profiler of operators on a CPU."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from edgewright.backends.mlx.worker.session import MlxSession
from edgewright.backends.tally import Tally
from edgewright.core.measurement.operators import OperatorProfile, PhaseProfile

_METHOD = (
    "MLX has no operator profiler: every module of the model is evaluated before and after its call (mx.eval) and timed "
    "without the modules in it, so nothing overlaps or is fused across modules; an attention module's own time is its "
    "scaled dot product with the cache"
)
_MATRIX = re.compile(r"Linear|Attention|\.as_linear$|SwitchGLU|MoE")
_CALLS = ("__call__", "as_linear")
"""``as_linear``: an embedding that is the output layer too."""


def profiled(session: MlxSession, ids: Sequence[int], tokens: int) -> OperatorProfile:
    """One request with modules timed, after the beginning of the same one."""
    watch = _Stopwatch()
    with _timed(session.model, watch):
        for _ in _request(session, ids, min(tokens, 2), watch):
            pass
        prefill, decode = _request(session, ids, tokens, watch)
    return OperatorProfile(method=_METHOD, prefill=prefill, decode=decode)


def _request(
    session: MlxSession, ids: Sequence[int], tokens: int, watch: _Stopwatch
) -> Iterator[PhaseProfile]:
    """The phases, one step after the other: `MlxSession.generate` computes the next step ahead."""
    import mlx.core as mx

    watch.tally, began = Tally(), time.perf_counter()
    watch.unneeded = session.vocabulary
    cache = session.prefill([ids[:-1]])
    watch.unneeded = 0
    current = session.step(mx.array(list(ids[-1:])), cache)
    mx.eval(current)
    yield watch.tally.phase(len(ids), (time.perf_counter() - began) * 1000.0, _MATRIX.search)
    watch.tally, began = Tally(), time.perf_counter()
    for _ in range(tokens - 1):
        current = session.step(current, cache)
        mx.eval(current)
    yield watch.tally.phase(tokens - 1, (time.perf_counter() - began) * 1000.0, _MATRIX.search)


class _Stopwatch:
    """Times nested calls, each without those inside it.

    What returns rows as wide as ``unneeded`` is left to itself: nothing computes the logits inside a prompt.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self.unneeded = 0
        self._inner: list[float] = []

    def call(self, name: str, function: Callable[..., Any], given: Sequence[Any], named: Any) -> Any:
        """Call ``function`` on what is computed already, and wait for what it returns."""
        import mlx.core as mx

        mx.eval(given[1:], named)  # what belongs to the caller is computed in the caller's time
        self._inner.append(0.0)
        began = time.perf_counter()
        returned = function(*given, **named)
        needed = not self.unneeded or getattr(returned, "shape", (0,))[-1] != self.unneeded
        if needed:
            mx.eval(returned)
        spent = time.perf_counter() - began
        inner = self._inner.pop()
        if needed:
            self.tally.add(name, (spent - inner) * 1000.0)
        if self._inner:
            self._inner[-1] += spent
        return returned


@contextmanager
def _timed(model: Any, watch: _Stopwatch) -> Iterator[None]:
    """Every class of module in the model calls through the stopwatch; at the end all are as they were."""
    kinds = {type(module) for _, module in model.named_modules()}
    changed = [(kind, name, getattr(kind, name)) for kind in kinds for name in _CALLS if _has(kind, name)]
    for kind, name, function in changed:
        label = kind.__name__ if name == "__call__" else f"{kind.__name__}.{name}"
        setattr(kind, name, _through(watch, label, function))
    try:
        yield
    finally:
        for kind, name, function in changed:
            setattr(kind, name, function)


def _has(kind: type, name: str) -> bool:
    """Whether the class or a base defines it; every class would answer for ``__call__`` itself, as what makes instances."""
    return any(name in base.__dict__ for base in kind.__mro__)


def _through(watch: _Stopwatch, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        return watch.call(label, function, given, named)

    return call
