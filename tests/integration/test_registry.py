"""A real registry on this machine: a package goes there and comes back as it was, or is refused."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from edgewright.app.package.options import PackageOptions
from edgewright.app.package.package import package
from edgewright.app.package.registry import pull
from edgewright.app.steps.build import build
from edgewright.core.jobs.results import Failure
from edgewright.errors import IntegrityError, OfflineError, UsageError

PROGRAM = shutil.which("docker-registry")
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="docker-registry is not installed (Debian: apt-get install docker-registry)"
)
CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture(scope="module")
def artifact(lab, tiny):
    recipe = lab.environment.backends["llamacpp"].recipes(tiny.facts)[0]
    made = build(lab.context, tiny, recipe, None, lab.context.logs / "pushed.log")
    assert not isinstance(made, Failure), made.reason
    return made


@pytest.fixture
def server(tmp_path):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    (tmp_path / "registry.yml").write_text(CONFIG.format(root=tmp_path / "kept", port=port))
    process = subprocess.Popen([str(PROGRAM), "serve", str(tmp_path / "registry.yml")])
    for _ in range(100):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"127.0.0.1:{port}", tmp_path / "kept"
    process.terminate()
    process.wait()


def pushed(lab, artifact, host, out):
    options = PackageOptions(kind="oci", out=out, push=f"{host}/team/tiny:1", smoke=False)
    return package(lab.context, artifact.path, options)


def test_a_package_goes_to_a_registry_and_comes_back_as_it_was(lab, artifact, server, tmp_path):
    host, _ = server
    made = pushed(lab, artifact, host, tmp_path / "package")
    for number, text in enumerate((f"{host}/team/tiny:1", f"{host}/team/tiny@{made.reference}")):
        back = pull(lab.context, text, tmp_path / f"back{number}")
        assert back.digest == made.reference
        assert back.key == artifact.manifest.key
        for file in Path(artifact.path).iterdir():
            assert (Path(back.directory) / file.name).read_bytes() == file.read_bytes()


def test_a_layer_that_was_changed_in_the_registry_is_refused(lab, artifact, server, tmp_path):
    host, kept = server
    pushed(lab, artifact, host, tmp_path / "package")
    largest = max(kept.rglob("data"), key=lambda file: file.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    with pytest.raises((IntegrityError, OfflineError)):  # some registries check what they send
        pull(lab.context, f"{host}/team/tiny:1", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_what_is_not_there_is_said(lab, server, tmp_path):
    host, _ = server
    with pytest.raises(UsageError, match="There is no"):
        pull(lab.context, f"{host}/team/none:1", tmp_path / "back")


def test_other_tools_read_what_was_pushed(lab, artifact, server, tmp_path):
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        pytest.skip("skopeo is not installed (Debian: apt-get install skopeo)")
    host, _ = server
    made = pushed(lab, artifact, host, tmp_path / "package")
    copy = [
        skopeo,
        "copy",
        "--src-tls-verify=false",
        f"docker://{host}/team/tiny:1",
        f"oci:{tmp_path / 'copy'}:1",
    ]
    done = subprocess.run(copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    blobs = tmp_path / "copy" / "blobs" / "sha256"
    assert (blobs / made.reference.removeprefix("sha256:")).is_file()
    assert {f.name for f in blobs.iterdir()} >= {
        f.name for f in (tmp_path / "package" / "blobs" / "sha256").iterdir()
    }
