import pytest

from edgewright.core.release.reference import reference
from edgewright.errors import UsageError

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "host", "name", "version", "base"),
    [
        ("registry.example/model:1", "registry.example", "model", "1", "https://registry.example/v2/model"),
        ("oci://127.0.0.1:5000/a/b", "127.0.0.1:5000", "a/b", "latest", "http://127.0.0.1:5000/v2/a/b"),
        ("localhost:5000/a:v1.2", "localhost:5000", "a", "v1.2", "http://localhost:5000/v2/a"),
        (f"r.example:443/x@{DIGEST}", "r.example:443", "x", DIGEST, "https://r.example:443/v2/x"),
        (f"r.example/x:tag@{DIGEST}", "r.example", "x", DIGEST, "https://r.example/v2/x"),
    ],
)
def test_names_in_a_registry(text, host, name, version, base):
    found = reference(text)
    assert (found.host, found.name, found.version, found.base) == (host, name, version, base)
    assert str(found) == text.removeprefix("oci://")


@pytest.mark.parametrize(
    "text",
    ["", "model", "registry.example/", "registry.example/Model:1", "registry.example/a:", "r/a@sha256:12", "r/../a",
     "http://r.example/a", "r.example/a b", "r.example/a:1\nX: y", "localhost.evil/a:" + "x" * 200],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="not the name of an artifact") as caught:
        reference(text)
    assert "registry.example/team/model:1" in caught.value.hint


def test_only_this_machine_is_asked_without_encryption():
    assert reference("127.0.0.1.evil.example/a").base.startswith("https://")
    assert reference("localhost.example/a").base.startswith("https://")
