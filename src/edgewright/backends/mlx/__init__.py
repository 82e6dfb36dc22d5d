"""MLX: Apple's array framework, with its CPU build on Linux for checking correctness without a Mac."""
