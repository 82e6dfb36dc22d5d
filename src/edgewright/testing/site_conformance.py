"""What every place where jobs run must do. Subclass in a test file, and return a fresh site from ``make``."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.core.device.toolchain import SystemSupport, ToolchainSpec
from edgewright.core.jobs.requests import SessionJob, TokenizeJob
from edgewright.core.jobs.results import Failure, Progress
from edgewright.errors import WorkerError
from edgewright.ports import Site

_MISSING = ToolchainSpec(
    name="no-such-framework",
    title="No such framework",
    digest="0" * 64,
    lock="",
    supports=(SystemSupport(system="*"),),
    unsupported_reason="",
    disk_bytes=1,
    install_minutes=0.0,
    worker="no.such.worker",
)


def _tell(progress: Progress) -> None:
    del progress


class SiteConformance:
    """The promises of `edgewright.ports.Site`; nothing is installed, and no process is started."""

    def make(self, root: Path) -> Site:
        """A site whose things lie below ``root``."""
        raise TypeError("return the site under test from make()")

    def test_it_has_a_name_and_knows_its_host(self, tmp_path: Path) -> None:
        site = self.make(tmp_path)
        assert site.name
        host = site.probe.host(brief=True)
        assert host.device_id
        assert 1 <= site.probe.usable_cores() <= max(host.cpu.logical_cores, 1)

    def test_what_its_store_received_is_there_and_whole(self, tmp_path: Path) -> None:
        made = tmp_path / "made"
        made.mkdir()
        (made / "weights").write_bytes(b"w" * 1000)
        store = self.make(tmp_path / "site").store(_tell)
        place = store.receive("artifacts", "k", made)
        assert store.find("artifacts", "k") == place
        assert (place / "weights").read_bytes() == b"w" * 1000
        assert store.receive("artifacts", "k", made) == place
        assert place.is_relative_to(store.root)

    def test_a_job_without_its_toolchain_fails_with_the_reason_and_raises_nothing(
        self, tmp_path: Path
    ) -> None:
        site = self.make(tmp_path)
        job = TokenizeJob(worker="no.such.worker", artifact="nowhere", texts=("a",))
        answer = site.runner.run(_MISSING, job, log=tmp_path / "log", tell=_tell, timeout_s=5.0)
        assert isinstance(answer, Failure)
        assert _MISSING.title in answer.reason

    def test_a_session_without_its_toolchain_is_refused_in_words(self, tmp_path: Path) -> None:
        site = self.make(tmp_path)
        job = SessionJob(worker="no.such.worker", artifact="nowhere", runtime={})
        with pytest.raises(WorkerError, match=_MISSING.title):
            site.sessions.open(_MISSING, job, tmp_path / "log")

    def test_its_host_can_be_held_again_after_it_was_let_go(self, tmp_path: Path) -> None:
        sessions = self.make(tmp_path).sessions
        for _ in range(2):
            with sessions.alone(_tell):
                pass
