"""The run record as people and machines see it: terminal tables, HTML. Nothing is decided here."""
