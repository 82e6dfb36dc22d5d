"""Evaluation harnesses that no one here wrote, each in a toolchain of its own; a run never needs one."""
