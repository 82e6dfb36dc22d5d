"""Run as a program by a pip's own Python: which files the package index has of some releases, with their SHA-256.

It reads ``{"index": URL or empty, "releases": [[NAME, VERSION], ...]}`` from standard input and writes
``{NAME: {FILE: SHA-256}}``. Without a URL the index is the one that pip is configured to use; so are proxies and certificates.
Only files for the systems that toolchains support are told: CPython 3.11 and newer on Linux, macOS on Apple silicon, Windows.
"""

import json
import re
import sys
from typing import Any

from pip._internal.commands.index import IndexCommand  # the one place that knows pip's configuration
from pip._vendor.packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from pip._vendor.packaging.version import InvalidVersion, Version

_PYTHON = re.compile(r"py3(?:1[1-9])?|py2\.py3|cp3(?:1[1-9]|[2-9]\d)")
_PLATFORM = re.compile(r"any|(?:many)?linux\w*_(?:x86_64|aarch64)|macosx_\w+_(?:arm64|universal2)|win_amd64")
_OLD_ABI = re.compile(r"cp3\d+")


def main() -> None:
    asked = json.load(sys.stdin)
    command: Any = IndexCommand("index", "")
    options, _ = command.parse_args([])
    found = {}
    with command._build_session(options) as session:  # noqa: SLF001  # pip has no other way to it
        for name, version in asked["releases"]:
            url = f"{(asked['index'] or options.index_url).rstrip('/')}/{name}/"
            headers = {"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.1"}
            answer = session.get(url, headers=headers)
            answer.raise_for_status()
            files = {file: digest for file, digest in _files(answer) if _wanted(file, version)}
            wheels = {file: digest for file, digest in files.items() if file.endswith(".whl")}
            found[name] = wheels or files
    json.dump(found, sys.stdout)


def _files(answer: Any) -> list[tuple[str, str]]:
    if "json" in answer.headers.get("Content-Type", ""):
        listed = answer.json()["files"]
        return [(one["filename"], one["hashes"]["sha256"]) for one in listed if "sha256" in one["hashes"]]
    links = re.findall(r'href="[^"#]*/([^"#/]+)#sha256=([0-9a-f]{64})"', answer.text)
    return [(name.replace("%2B", "+"), digest) for name, digest in links]


def _wanted(file: str, version: str) -> bool:
    try:
        if not file.endswith(".whl"):
            return parse_sdist_filename(file)[1] == Version(version)
        _, found, _, tags = parse_wheel_filename(file)
    except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):  # an old file's name
        return False
    return found == Version(version) and any(_runs(tag) for tag in tags)


def _runs(tag: Any) -> bool:
    """Whether a tag is for a Python and a system that toolchains support; a stable ABI suits later Pythons too."""
    python = _PYTHON.fullmatch(tag.interpreter) or (tag.abi == "abi3" and _OLD_ABI.fullmatch(tag.interpreter))
    threaded = re.fullmatch(r"cp3\d+t", tag.abi)  # Python without its lock: not supported
    return bool(python and not threaded and _PLATFORM.fullmatch(tag.platform))


if __name__ == "__main__":
    main()
