"""What a GGUF file says of itself: its header, what kind of thing it is, and the same model in Hugging Face's terms. Pure."""
