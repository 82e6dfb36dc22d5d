"""What users hand in, read without trust: models, tokenizers, policies, texts, tasks. None of it is run."""
