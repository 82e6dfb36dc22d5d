"""Push and pull of OCI image layouts, over the OCI distribution specification 1.1.

Law: a blob is checked against its digest when it comes, and is renamed to its place only then. So a layout that was
interrupted goes on where it stopped, and a registry that answers with other bytes is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import httpx2

from edgewright.core.jobs.results import Progress
from edgewright.core.quoted import quoted
from edgewright.core.release.reference import Reference
from edgewright.errors import UsageError
from edgewright.ports import Tell
from edgewright.registries.connection import MANIFEST, Connection, other_bytes

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class OciRegistry:
    """See `Registry`. ``transport`` replaces the network in tests."""

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        self._transport = transport

    def push(self, layout: Path, reference: Reference, tell: Tell) -> str:
        """See `Registry.push`."""
        digest, manifest = _manifest_of(layout)
        with self._connection(reference, "pull,push") as there:
            for place, one in enumerate(blobs := [manifest["config"], *manifest["layers"]]):
                tell(Progress(message=f"pushing {_named(one)}", fraction=place / len(blobs)))
                there.send_blob(_place(layout, one["digest"]), one["digest"])
            return there.send_manifest(_place(layout, digest).read_bytes(), digest)

    def pull(self, reference: Reference, layout: Path, tell: Tell) -> str:
        """See `Registry.pull`."""
        with self._connection(reference, "pull") as there:
            data = there.manifest()
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            if reference.digest and digest != reference.digest:
                raise other_bytes(str(reference))
            manifest = _parsed(data, str(reference))
            for place, one in enumerate(blobs := [manifest["config"], *manifest["layers"]]):
                tell(Progress(message=f"pulling {_named(one)}", fraction=place / len(blobs)))
                there.fetch_blob(one["digest"], int(one["size"]), _place(layout, one["digest"]))
        described = {"mediaType": MANIFEST, "digest": digest, "size": len(data)}
        _place(layout, digest).write_bytes(data)
        (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
        (layout / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
        return digest

    def _connection(self, reference: Reference, scope: str) -> Connection:
        return Connection(reference, scope, self._transport)


def _manifest_of(layout: Path) -> tuple[str, dict[str, Any]]:
    (entry,) = json.loads((layout / "index.json").read_text(encoding="utf-8"))["manifests"]
    return entry["digest"], json.loads(_place(layout, entry["digest"]).read_bytes())


def _parsed(data: bytes, where: str) -> dict[str, Any]:
    """A manifest with one configuration and layers that have digests and sizes.

    Raises:
        UsageError: it is something else, such as an index of images.
    """
    try:
        manifest: dict[str, Any] = json.loads(data)
        for one in (manifest["config"], *manifest["layers"]):
            if not _DIGEST.fullmatch(one["digest"]) or int(one["size"]) < 0:
                raise ValueError(one["digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{where} is not a model artifact.", hint="Give the name of one.") from error
    return manifest


def _place(layout: Path, digest: str) -> Path:
    algorithm, _, name = digest.partition(":")
    return layout / "blobs" / algorithm / name


def _named(one: dict[str, Any]) -> str:
    name = one.get("annotations", {}).get("org.cncf.model.filepath", one["digest"][:19])
    return f"{quoted(name)} ({int(one['size']) / 1e6:.1f} MB)"
