"""Shipping a build: what a package holds, and what is known of it."""
