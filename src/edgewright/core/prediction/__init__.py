"""What is expected before anything is built, and what to try next."""
