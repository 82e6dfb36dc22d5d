"""What a parent asks of a child process, and what comes back."""
