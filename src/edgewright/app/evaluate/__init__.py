"""Accuracy of a model or a build: on a text, on multiple-choice items, by lm-evaluation-harness."""
