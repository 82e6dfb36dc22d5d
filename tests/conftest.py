"""What tests with real frameworks and real models share: one lab, in which nothing is built twice.

Toolchains are shared with the cache home (they take minutes); all else is fresh. EDGEWRIGHT_TEST_LAB names a folder for
the lab where several calls of pytest share one.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from edgewright.app.demo import demo_source
from edgewright.app.steps.prepare import prepare
from edgewright.core.jobs.requests import SourceOperation
from edgewright.core.measurement.data import Calibration
from edgewright.core.model.facts import Source, SourceKind
from edgewright.environment import Environment
from edgewright.inputs.config import evaluation_text
from edgewright.ports import Context
from edgewright.sites.local.home import Home
from edgewright.testing import RecordingReporter

settings.register_profile("untimed", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=500)  # pytest --hypothesis-profile=thorough
settings.load_profile("untimed")  # a busy machine is no fault of what is tested


def pytest_configure(config: pytest.Config) -> None:
    """Tests that run side by side time nothing, so they need not wait for each other as measurements do.

    Each worker has a temporary folder of its own, where the lock of the machine lies, and cores of its own: frameworks'
    threads that wait in a spin stop each other.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    scratch = tempfile.TemporaryDirectory(prefix="edgewright-tests-")
    config.add_cleanup(scratch.cleanup)
    os.environ["TMPDIR"] = tempfile.tempdir = scratch.name
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        mine = cores[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]
        os.sched_setaffinity(0, mine or cores)


def fresh_home(root: Path, *shared: str) -> Path:
    """A cache home of one's own that shares some folders with the real one."""
    real = Home.from_environment().root
    root.mkdir(parents=True, exist_ok=True)
    for name in shared:
        (real / name).mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (root / name).symlink_to(real / name)
    return root


@dataclass
class Lab:
    """An environment on a fresh home, with its context."""

    home: Path
    environment: Environment
    context: Context


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    root = Path(os.environ.get("EDGEWRIGHT_TEST_LAB") or tmp_path_factory.mktemp("lab"))
    home = fresh_home(root / "home", "toolchains", "downloads")
    before = os.environ.get("EDGEWRIGHT_HOME")
    os.environ["EDGEWRIGHT_HOME"] = str(home)
    environment = Environment()
    yield Lab(
        home=home, environment=environment, context=environment.context(home / "logs", RecordingReporter())
    )
    if before is None:
        del os.environ["EDGEWRIGHT_HOME"]
    else:
        os.environ["EDGEWRIGHT_HOME"] = before


@pytest.fixture(scope="session")
def calibration(lab: Lab, smollm2: Source) -> Calibration:
    """Text from the end of Python's own reference, where no test scores anything."""
    tokenizer = lab.environment.files.tokenizer(Path(smollm2.path))
    ids = tuple(tokenizer.encode(evaluation_text(None).content)[-4096:])
    return Calibration(ids=ids, text=tokenizer.decode(list(ids)))


@pytest.fixture(scope="session")
def toolchains(lab: Lab):
    """The run half of every toolchain; both halves are installed unless they are there."""
    states = {}
    for name, spec in lab.context.specs.items():
        whole = lab.context.toolchains.ensure(spec.builder, lambda _: None)
        assert whole.ready, f"{name}: {whole.reason} {whole.hint}"
        states[name] = lab.context.toolchains.state(spec)
    return states


@pytest.fixture(scope="session")
def smollm2(lab: Lab, toolchains) -> Source:
    """SmolLM2-135M off its grid: what the demo optimizes."""
    return demo_source(lab.context)


@pytest.fixture(scope="session")
def tiny(lab: Lab, smollm2: Source) -> Source:
    """Two layers of random weights with SmolLM2's architecture and tokenizer."""
    return prepare(
        lab.context,
        SourceOperation.TINY,
        Path(smollm2.path),
        name="tiny",
        said="tiny",
        kind=SourceKind.DERIVED,
        fingerprint=smollm2.digest,
    )
