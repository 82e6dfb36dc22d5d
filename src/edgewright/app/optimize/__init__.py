"""The main job: build, compare, measure, gate, choose. The order of the steps, and nothing else."""
