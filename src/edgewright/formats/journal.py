"""Lines of ``journal.jsonl`` that an earlier edgewright wrote. They carry no version: what they lack says which they are."""

from __future__ import annotations

from edgewright.formats.reasons import all_told
from edgewright.formats.versioned import Document


def brought_up_to_date(finished: Document) -> Document:
    """A finished round, with causes in place of the one sentence that its invalid blocks had, and today's names."""
    rest = {name: value for name, value in finished.items() if name != "swung"}
    invalid = [_with_causes(one) for one in finished.get("invalid", [])]
    kept = finished.get("kept_speeds", finished.get("swung", {}))
    return {**rest, "invalid": invalid, "kept_speeds": kept}


def _with_causes(invalid: Document) -> Document:
    rest = {name: value for name, value in invalid.items() if name != "reason"}
    return invalid if "causes" in invalid else {**rest, "causes": all_told([invalid["reason"]])}
