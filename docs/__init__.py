"""The documentation, and the program that keeps it true."""
