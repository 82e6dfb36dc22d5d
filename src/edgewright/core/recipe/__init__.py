"""What can be built: recipes, spaces, allocations, pruning, and the artifact that a build leaves behind."""
