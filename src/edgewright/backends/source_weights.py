"""A look at a source's weights before an exporter that would fail late, or not at all, gets them. For child halves."""

from __future__ import annotations

from pathlib import Path

from edgewright.errors import InputError


def check_weights(source: Path) -> None:
    """Refuse missing and truncated weights, by their headers alone.

    Raises:
        InputError: no safetensors file, or one whose header does not fit its bytes.
    """
    from safetensors import SafetensorError, safe_open

    files = sorted(source.glob("*.safetensors"))
    if not files:
        raise InputError(f"{source} contains no weights in safetensors format.")
    for file in files:
        try:
            with safe_open(file, framework="np"):
                pass
        except SafetensorError as error:
            raise InputError(f"{file} is damaged: {error}.", hint="Download the model again.") from error
