"""The registry's side played by a handler: what is sent, what is asked for again, and what is refused."""

import base64
import hashlib
import json
import re

import httpx2
import pytest

from edgewright.core.release.reference import reference
from edgewright.errors import IntegrityError, OfflineError, UsageError
from edgewright.packagers.oci import Oci
from edgewright.registries.oci import OciRegistry
from edgewright.testing import PackagerConformance

REF = reference("registry.example/team/model:1")


def digest_of(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Server:
    """A registry in memory. ``demand`` is what it wants to see before it answers; ``lie`` changes blobs on their way out."""

    def __init__(self, demand=None, lie=lambda data: data):
        self.blobs, self.manifests, self.parts, self.log = {}, {}, {}, []
        self.demand, self.lie = demand, lie

    def __call__(self, request):
        path, method = request.url.path, request.method
        self.log.append((method, path))
        if self.demand and (refused := self.demand(request)):
            return refused
        if path.endswith("/blobs/uploads/"):
            return httpx2.Response(202, headers={"Location": "/upload/1?state=a"})
        if path == "/upload/1":
            return self.upload(request)
        if found := re.fullmatch(r"/v2/team/model/blobs/(.+)", path):
            return self.blob(found[1], request)
        name = path.rpartition("/")[2]
        if method == "PUT":
            data = request.read()
            self.manifests[name] = self.manifests[digest_of(data)] = data
            return httpx2.Response(201, headers={"Docker-Content-Digest": digest_of(data)})
        return (
            httpx2.Response(200, content=self.manifests[name])
            if name in self.manifests
            else httpx2.Response(404)
        )

    def upload(self, request):
        if request.method == "PATCH":
            self.parts["1"] = self.parts.get("1", b"") + request.read()
            return httpx2.Response(202, headers={"Location": "/upload/1?state=b"})
        data, wanted = self.parts.pop("1", b""), request.url.params["digest"]
        assert digest_of(data) == wanted
        self.blobs[wanted] = data
        return httpx2.Response(201)

    def blob(self, digest, request):
        if digest not in self.blobs:
            return httpx2.Response(404)
        data = self.lie(self.blobs[digest])
        if request.method == "HEAD":
            return httpx2.Response(200)
        begin = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if begin:
            return httpx2.Response(206, content=data[int(begin[1]) :])
        return httpx2.Response(200, content=data)


class Sample(PackagerConformance):
    __test__ = False


@pytest.fixture
def layout(tmp_path):
    place = tmp_path / "layout"
    place.mkdir()
    packed = Oci().pack(Sample().build(tmp_path / "build"), place)
    return place, packed


def registry(server):
    return OciRegistry(httpx2.MockTransport(server))


def silent(_):
    pass


def test_what_is_pushed_comes_back_byte_by_byte(layout, tmp_path):
    place, packed = layout
    server = Server()
    assert registry(server).push(place, REF, silent) == packed.reference
    assert registry(server).pull(REF, tmp_path / "back", silent) == packed.reference
    there, here = tmp_path / "back" / "blobs" / "sha256", place / "blobs" / "sha256"
    assert {f.name: f.read_bytes() for f in there.iterdir()} == {
        f.name: f.read_bytes() for f in here.iterdir()
    }


def test_what_the_registry_has_is_not_sent_again(layout):
    place, _ = layout
    server = Server()
    registry(server).push(place, REF, silent)
    before = len(server.log)
    registry(server).push(place, REF, silent)
    assert {method for method, _ in server.log[before:]} == {"HEAD", "PUT"}


def test_an_interrupted_pull_goes_on_within_a_file(layout, tmp_path):
    place, _ = layout
    server = Server()
    registry(server).push(place, REF, silent)
    largest = max(server.blobs, key=lambda digest: len(server.blobs[digest]))
    folder = tmp_path / "back" / "blobs" / "sha256"
    folder.mkdir(parents=True)
    name = largest.removeprefix("sha256:")
    (folder / f"{name}.part").write_bytes(server.blobs[largest][:1000])
    asked = []
    server.demand = lambda request: asked.append(request.headers.get("Range"))
    registry(server).pull(REF, tmp_path / "back", silent)
    assert "bytes=1000-" in asked
    assert (folder / name).read_bytes() == server.blobs[largest]
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("lie", [lambda d: d[:-1] + b"!", lambda d: d[:-1], lambda d: d + b"more"])
def test_other_bytes_than_the_digest_says_are_refused(layout, tmp_path, lie):
    server = Server()
    registry(server).push(layout[0], REF, silent)
    server.lie = lie
    with pytest.raises(IntegrityError, match="another digest"):
        registry(server).pull(REF, tmp_path / "back", silent)
    assert not (tmp_path / "back" / "index.json").exists()


def test_a_reference_by_digest_is_held_against_it(layout, tmp_path):
    server = Server()
    registry(server).push(layout[0], REF, silent)
    other = reference(f"registry.example/team/model@{'sha256:' + 'b' * 64}")
    server.manifests[other.digest] = server.manifests["1"]
    with pytest.raises(IntegrityError):
        registry(server).pull(other, tmp_path / "back", silent)


def test_a_token_is_fetched_when_it_is_asked_for(layout, monkeypatch, tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps({"auths": {"registry.example": {"auth": base64.b64encode(b"me:secret").decode()}}})
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    seen = []

    def demand(request):
        if request.url.host == "auth.example":
            seen.append((dict(request.url.params), request.headers["Authorization"]))
            return httpx2.Response(200, json={"token": "t"})
        if request.headers.get("Authorization") == "Bearer t":
            return None
        challenge = (
            'Bearer realm="https://auth.example/token",service="s",scope="repository:team/model:pull,push"'
        )
        return httpx2.Response(401, headers={"WWW-Authenticate": challenge})

    registry(Server(demand)).push(layout[0], REF, silent)
    ((query, basic),) = seen
    assert query == {"service": "s", "scope": "repository:team/model:pull,push"}
    assert basic == f"Basic {base64.b64encode(b'me:secret').decode()}"


def test_refused_credentials_name_the_next_step_and_no_secret(layout):
    server = Server(lambda _: httpx2.Response(403, text="no"))
    with pytest.raises(UsageError, match="refuses access to team/model") as caught:
        registry(server).push(layout[0], REF, silent)
    assert "docker login registry.example" in caught.value.hint


def test_a_registry_that_is_down_is_one_sentence(layout):
    def down(_):
        raise httpx2.ConnectError("connection refused")

    with pytest.raises(OfflineError, match=r"registry\.example cannot be reached: connection refused"):
        registry(down).push(layout[0], REF, silent)
    with pytest.raises(OfflineError, match="answered 500"):
        registry(lambda _: httpx2.Response(500, text="oops")).push(layout[0], REF, silent)


def test_what_is_no_model_or_not_there_is_refused(tmp_path):
    server = Server()
    with pytest.raises(UsageError, match="There is no registry"):
        registry(server).pull(REF, tmp_path / "a", silent)
    for manifest in (b"{}", b"no json", b'{"config": {"digest": "sha256:../../x", "size": 1}, "layers": []}'):
        server.manifests["1"] = manifest
        with pytest.raises(UsageError, match="not a model artifact"):
            registry(server).pull(REF, tmp_path / "b", silent)
