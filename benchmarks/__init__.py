"""Benchmarks, run on demand: ``make bench NAME=...``. Each holds edgewright's figures against a bound and says so."""
