"""Calibration ids as data of Olive's own, so that a pass that looks at text fetches none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgewright.core.measurement.data import Calibration, Ids

_NAME = "calibration_windows"
_WINDOW = 128
"""Tokens of a sample: long enough for attention to matter, short enough for every layer's inputs to fit in memory."""

_SAMPLES = 64


def data_config(calibration: Calibration) -> dict[str, Any]:
    """A data config whose batches are windows of the calibration text, one a batch."""
    from olive.data.registry import Registry

    windows = calibration.windows(_WINDOW, _SAMPLES)
    Registry.register_dataset(_NAME)(lambda **_: _Batches(windows))
    return {
        "name": "calibration",
        "load_dataset_config": {"type": _NAME},
        "pre_process_data_config": {"type": "skip_pre_process"},
        "dataloader_config": {"type": "no_auto_batch_dataloader"},
    }


class _Batches:
    """What PyTorch's loader takes for a dataset: batches of one window, with a label that nothing reads."""

    def __init__(self, windows: Sequence[Ids]) -> None:
        self._windows = windows

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> tuple[dict[str, Any], int]:
        import torch

        ids = torch.tensor([self._windows[index]])
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, 0
