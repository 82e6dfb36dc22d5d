"""PyTorch and Transformers: the reference that every build is compared with, and the writer of portable sources."""
