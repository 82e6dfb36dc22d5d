"""The world: child processes, toolchain environments, the store, this host, the clock.

What differs between Linux, macOS and Windows stands in this folder and nowhere else.
"""
