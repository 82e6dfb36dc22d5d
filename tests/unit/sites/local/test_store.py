from filelock import FileLock

from edgewright.sites.local.store import DirectoryStore


def test_who_waits_for_another_builder_is_told(tmp_path):
    (tmp_path / "artifacts").mkdir()
    other = FileLock(tmp_path / "artifacts" / ".k.lock")
    other.acquire()
    said = []

    def tell(progress):
        said.append(progress.message)
        other.release(force=True)

    with DirectoryStore(tmp_path, tell).building("artifacts", "k") as draft:
        draft.mkdir()
    assert said == ["waiting for another edgewright that makes the same (artifacts)"]
