"""Measurements that several use cases share: interleaved rounds, energy, scores of a text."""
