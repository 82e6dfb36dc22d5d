"""What a task is: its data, reference, scorer, workload, metrics, gates and cross-validation; a folder a task."""
