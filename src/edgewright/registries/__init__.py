"""Registries of artifacts, over the OCI distribution specification. HTTP of registries lives here only."""
