"""Pure records and rules: frozen dataclasses and functions of them, no files, no processes, no clock."""
