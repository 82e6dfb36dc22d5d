"""The system's clock behind the port."""

from __future__ import annotations

import time


class SystemClock:
    """Wall time for records, monotonic time for durations."""

    def now_s(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
