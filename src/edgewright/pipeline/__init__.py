"""The order of the stages, and nothing else: what is decided lies in `core`, what is done in `stages`."""
