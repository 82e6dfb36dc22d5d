"""What the people who work on edgewright run; no part of the program."""
