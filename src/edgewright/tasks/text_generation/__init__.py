"""Text generation: token ids in, token ids out, scored teacher forced."""
