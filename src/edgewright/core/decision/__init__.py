"""What is decided: policy, verdicts, ranking, choice."""
