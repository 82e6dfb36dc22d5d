"""Which of the chat templates that a tokenizer's settings hold is used. Pure; parent and child use one rule."""

from __future__ import annotations

from collections.abc import Mapping

_NAME = "default"


def default_template(stored: object) -> str:
    """The template of a setting that holds one, or a list of named ones; empty where it is neither."""
    if isinstance(stored, list):
        named = [entry for entry in stored if isinstance(entry, Mapping) and entry.get("name") == _NAME]
        stored = named[-1].get("template") if named else ""
    return stored if isinstance(stored, str) else ""
