"""Reasons of documents that had sentences instead of codes: their words stay, as those of another program."""

from __future__ import annotations

from typing import Any

from edgewright.formats.versioned import Document


def told(text: str) -> Document | None:
    """The reason that says these words; None for none."""
    return {"code": "told", "values": {"text": text}} if text else None


def all_told(texts: list[str]) -> list[Document | None]:
    """One reason for each text."""
    return [told(text) for text in texts if text]


def with_reasons(value: Any) -> Any:
    """A document in which every value of a metric has its reason as a record."""
    if isinstance(value, list):
        return [with_reasons(one) for one in value]
    if not isinstance(value, dict):
        return value
    if {"value", "unit", "label", "method"} <= value.keys():
        return {**value, "reason": told(value.get("reason", ""))}
    return {name: with_reasons(one) for name, one in value.items()}
