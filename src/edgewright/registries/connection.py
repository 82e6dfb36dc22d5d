"""One conversation with a registry about one repository: requests, tokens, and what its refusals mean."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx2

from edgewright.core.quoted import quoted
from edgewright.core.release.reference import Reference
from edgewright.errors import EdgewrightError, IntegrityError, OfflineError, ResourceError, UsageError
from edgewright.registries.credentials import credentials

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_PIECE = 8_000_000
_LARGEST_MANIFEST = 4_000_000
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_TIMEOUT = httpx2.Timeout(30.0, read=120.0)


class Connection:
    """One conversation with a registry about one repository."""

    def __init__(self, reference: Reference, scope: str, transport: httpx2.BaseTransport | None) -> None:
        self._reference = reference
        self._scope = scope
        self._client = httpx2.Client(timeout=_TIMEOUT, transport=transport, follow_redirects=True)
        self._authorization = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send_blob(self, file: Path, digest: str) -> None:
        """Send a blob unless the registry has it."""
        if self._ask("HEAD", f"{self._reference.base}/blobs/{digest}", missing=True) is not None:
            return
        begun = self._demand(
            "POST", f"{self._reference.base}/blobs/uploads/", headers={"Content-Length": "0"}
        )
        where = self._location(begun)
        sent = 0
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE):
                headers = {
                    "Content-Type": "application/octet-stream",
                    "Content-Range": f"{sent}-{sent + len(piece) - 1}",
                    "Content-Length": str(len(piece)),
                }
                answer = self._demand("PATCH", where, content=piece, headers=headers)
                where = self._location(answer)
                sent += len(piece)
        separator = "&" if "?" in where else "?"
        self._demand("PUT", f"{where}{separator}digest={digest}", headers={"Content-Length": "0"})

    def send_manifest(self, data: bytes, digest: str) -> str:
        """Store the manifest under the tag; its digest as the registry tells it."""
        where = f"{self._reference.base}/manifests/{self._reference.version}"
        answer = self._demand("PUT", where, content=data, headers={"Content-Type": MANIFEST})
        stored = answer.headers.get("Docker-Content-Digest", digest)
        if stored != digest:
            raise IntegrityError(
                f"{self._reference.host} stored the manifest as {quoted(stored)} instead of {digest}.",
                hint="Push again; report it to whoever runs the registry if it stays.",
            )
        return digest

    def manifest(self) -> bytes:
        """The manifest's bytes."""
        where = f"{self._reference.base}/manifests/{self._reference.version}"
        answer = self._ask("GET", where, headers={"Accept": MANIFEST}, missing=True)
        if answer is None:
            raise UsageError(
                f"There is no {self._reference} in the registry.", hint="Check the name and the tag."
            )
        if len(answer.content) > _LARGEST_MANIFEST:
            raise IntegrityError(f"The manifest of {self._reference} is larger than any manifest may be.")
        return answer.content

    def fetch_blob(self, digest: str, size: int, target: Path) -> None:
        """A blob in its place, from where an earlier attempt stopped."""
        if target.is_file():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        have = part.stat().st_size if part.exists() else 0
        if have < size:
            self._stream(f"{self._reference.base}/blobs/{digest}", part, have, size)
        with part.open("rb") as stream:
            seen = hashlib.file_digest(stream, "sha256").hexdigest()
        if part.stat().st_size != size or f"sha256:{seen}" != digest:
            part.unlink()
            raise other_bytes(digest)
        part.rename(target)

    def _stream(self, where: str, part: Path, have: int, size: int) -> None:
        headers = {**self._headers(), **({"Range": f"bytes={have}-"} if have else {})}
        try:
            with self._client.stream("GET", where, headers=headers) as answer:
                if answer.status_code not in {200, 206}:
                    answer.read()
                    raise self._refusal(answer)
                with part.open("ab" if answer.status_code == 206 else "wb") as stream:
                    for piece in _bounded(answer.iter_bytes(_PIECE), size):
                        stream.write(piece)
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        except OSError as error:
            hint = "Free space, then run the same command to continue."
            raise ResourceError(f"{part.parent} cannot be written: {error.strerror}.", hint=hint) from error

    def _demand(self, method: str, where: str, **request: Any) -> httpx2.Response:
        answer = self._ask(method, where, **request)
        if answer is None:
            raise AssertionError("only what may be missing has no answer")
        return answer

    def _ask(
        self, method: str, where: str, *, missing: bool = False, **request: Any
    ) -> httpx2.Response | None:
        """The answer; None for a 404 where that is an answer too. A demand for a token is met once."""
        headers = request.pop("headers", {})
        try:
            answer = self._client.request(method, where, headers={**headers, **self._headers()}, **request)
            if answer.status_code == 401 and self._authorize(answer):
                answer = self._client.request(
                    method, where, headers={**headers, **self._headers()}, **request
                )
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        if missing and answer.status_code == 404:
            return None
        if answer.is_error:
            raise self._refusal(answer)
        return answer

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self._authorization} if self._authorization else {}

    def _authorize(self, answer: httpx2.Response) -> bool:
        """Get what the registry asks for: a token of its service, or user and password."""
        known = credentials(self._reference.host)
        kind, _, rest = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "basic" and known:
            encoded = base64.b64encode(":".join(known).encode()).decode()
            self._authorization = f"Basic {encoded}"
            return True
        asked = dict(_CHALLENGE.findall(rest))
        if kind.lower() != "bearer" or "realm" not in asked:
            return False
        scope = asked.get("scope", f"repository:{self._reference.name}:{self._scope}")
        query = {"service": asked.get("service", ""), "scope": scope}
        given = self._client.get(asked["realm"], params=query, auth=known)
        token = given.json().get("token") or given.json().get("access_token") if given.is_success else None
        self._authorization = f"Bearer {token}" if token else ""
        return token is not None

    def _location(self, answer: httpx2.Response) -> str:
        return str(answer.url.join(answer.headers["Location"]))

    def _refusal(self, answer: httpx2.Response) -> EdgewrightError:
        if answer.status_code in {401, 403}:
            return UsageError(
                f"{self._reference.host} refuses access to {self._reference.name}.",
                hint=f"Run `docker login {self._reference.host}` or `podman login`, then the same command.",
            )
        said = quoted(answer.text[:200]) if answer.text else "nothing"
        return OfflineError(
            f"{self._reference.host} answered {answer.status_code} and says {said}.",
            hint="Run the same command to continue.",
        )

    def _unreachable(self, error: httpx2.HTTPError) -> OfflineError:
        return OfflineError(
            f"The registry {self._reference.host} cannot be reached: {str(error) or type(error).__name__}.",
            hint="Check the name and the network, then run the same command to continue.",
        )


def _bounded(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Stop where more comes than the manifest says: it will not have the digest, and must not fill the disk."""
    seen = 0
    for piece in pieces:
        yield piece
        seen += len(piece)
        if seen > most:
            return


def other_bytes(what: str) -> IntegrityError:
    """What came is not what its digest says."""
    return IntegrityError(
        f"The registry's answer for {what} has another digest.", hint="Pull again, or from another registry."
    )
