"""Builds side by side: `benchmark` and `ab`."""
