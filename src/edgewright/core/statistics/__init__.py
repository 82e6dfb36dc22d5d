"""The rules that turn samples into values with intervals: pure functions on numpy and scipy, one rule a file."""
