"""Jobs name content by kind and key; where it is missing it is sent before the job."""

from dataclasses import replace

from edgewright.core.jobs.content import Content, content_of, contents, located, spelled, translated
from edgewright.core.jobs.requests import ScoreJob, TokenizeJob
from edgewright.core.jobs.results import Failure, TokenizeResult
from edgewright.errors import ResourceError
from edgewright.testing import FakeRunner, FakeToolchains, FolderStore, fake_context

ROOT = "/a/store"
JOB = ScoreJob(
    worker="w",
    artifact=f"{ROOT}/artifacts/k1",
    runtime={},
    ids=(1, 2),
    context=2,
    reference=f"{ROOT}/scores/k2/log.npy",
)


def test_a_path_in_the_store_is_content_at_any_root_and_another_path_stays():
    job = translated(JOB, lambda text: spelled(text, ROOT))
    assert job.artifact == "store:artifacts/k1"
    assert list(contents(job)) == [Content(kind="artifacts", key="k1"), Content(kind="scores", key="k2")]
    there = translated(job, lambda text: located(text, "/b"))
    assert (there.artifact, there.reference) == ("/b/artifacts/k1", "/b/scores/k2/log.npy")
    assert spelled("/a/storey/x", ROOT) == "/a/storey/x"
    assert spelled("best", ROOT) == "best"
    assert content_of("/some/where") is None


class Elsewhere:
    name = "elsewhere"

    def __init__(self, root, base):
        self.toolchains = FakeToolchains()
        self.runner = FakeRunner()
        self.runner.store = root / "store"
        self.probe, self.sessions = base.probe, base.sessions
        self._store = FolderStore(root / "store")

    def store(self, tell):
        del tell
        return self._store


def tokenized(context, path):
    job = TokenizeJob(worker="w", artifact=str(path), texts=("ab",))
    return context.ask(context.reference.toolchain, job, TokenizeResult, log=context.logs / "log")


def built(context):
    with context.store.building("artifacts", "k1") as draft:
        draft.mkdir()
        (draft / "weights").write_bytes(b"w")
    return context.store.find("artifacts", "k1")


def test_what_a_job_names_is_sent_to_the_site_that_runs_it(tmp_path):
    here = fake_context(tmp_path / "here")
    path = built(here)
    there = Elsewhere(tmp_path / "there", here)
    context = here.at(there)
    assert tokenized(context, path).ids == ((97, 98),)
    (job,) = there.runner.jobs
    assert job.artifact == str(tmp_path / "there" / "store" / "artifacts" / "k1")
    assert (tmp_path / "there" / "store" / "artifacts" / "k1" / "weights").read_bytes() == b"w"
    assert here.runner.jobs == []


def test_what_cannot_be_sent_is_a_failure_with_the_reason(tmp_path):
    here = fake_context(tmp_path / "here")
    path = built(here)
    there = Elsewhere(tmp_path / "there", here)

    def full(kind, key, source):
        raise ResourceError(f"{kind} {key} cannot be copied from {source.name}: No space left on device.")

    there.store(None).receive = full
    answer = tokenized(here.at(there), path)
    assert isinstance(answer, Failure)
    assert "No space left" in answer.reason


def test_another_path_is_the_machines_own(tmp_path):
    here = fake_context(tmp_path)
    assert tokenized(here, tmp_path / "outside").ids
    assert here.runner.jobs[0].artifact == str(tmp_path / "outside")
    assert replace(here, origin=None).origin is None
