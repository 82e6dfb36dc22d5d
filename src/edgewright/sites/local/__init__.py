"""This machine: child processes, toolchain environments, the store, the host, the clock."""
