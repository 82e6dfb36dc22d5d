"""From what a user named to something that can be built from or run."""
