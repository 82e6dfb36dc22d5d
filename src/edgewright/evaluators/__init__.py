"""Programs that no one here wrote and that judge builds, each in a toolchain of its own; a run never needs one."""
