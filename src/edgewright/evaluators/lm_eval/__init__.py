"""lm-evaluation-harness over any build: its tasks and its figures, answered from the build's own framework."""
