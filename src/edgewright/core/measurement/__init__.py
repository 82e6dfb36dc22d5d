"""What was measured: scores, blocks, rounds, and the labelled values made of them."""
