"""Credentials for a registry, as ``docker login`` and ``podman login`` keep them. They are never written anywhere else."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path


def credentials(host: str) -> tuple[str, str] | None:
    """User and password for a host, from the files of docker and podman; None where they name none."""
    for file in _files():
        try:
            known = json.loads(file.read_text(encoding="utf-8")).get("auths", {})
            encoded = known.get(host, known.get(f"https://{host}", {})).get("auth", "")
            user, found, password = base64.b64decode(encoded).decode("utf-8").partition(":")
        except (OSError, ValueError, AttributeError):
            continue
        if found:
            return user, password
    return None


def _files() -> Iterator[Path]:
    home = Path.home()
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers" / "auth.json"
    yield home / ".config" / "containers" / "auth.json"
    yield Path(os.environ.get("DOCKER_CONFIG", home / ".docker")) / "config.json"
