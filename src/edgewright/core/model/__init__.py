"""What a model is: facts, files, weights, tokenizers, and the small model that stands for a large one."""
