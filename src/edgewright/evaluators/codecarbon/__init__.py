"""codecarbon's model of power, as an estimate where a machine has no counter."""
