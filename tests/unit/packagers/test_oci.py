"""The OCI layout: what the specifications demand, and what is refused when it comes back."""

import hashlib
import json

import pytest

from edgewright.errors import IntegrityError
from edgewright.packagers.oci import (
    ARTIFACT_TYPE,
    CONFIG_TYPE,
    FILE_TYPE,
    MANIFEST_TYPE,
    PATH,
    WEIGHT_TYPE,
    Oci,
)
from edgewright.ports.packager import Packed
from edgewright.testing import PackagerConformance


class Sample(PackagerConformance):
    __test__ = False


@pytest.fixture
def layout(tmp_path):
    place = tmp_path / "layout"
    place.mkdir()
    packed = Oci().pack(Sample().build(tmp_path / "build"), place)
    return place, packed


def blob(place, digest):
    return place / "blobs" / "sha256" / digest.removeprefix("sha256:")


def test_every_blob_lies_under_its_own_digest(layout):
    place, _ = layout
    for file in (place / "blobs" / "sha256").iterdir():
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name


def test_index_manifest_and_configuration_have_the_types_of_the_specifications(layout):
    place, packed = layout
    assert json.loads((place / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads((place / "index.json").read_text())["manifests"]
    assert (entry["mediaType"], entry["artifactType"], entry["digest"]) == (
        MANIFEST_TYPE,
        ARTIFACT_TYPE,
        packed.reference,
    )
    manifest = json.loads(blob(place, packed.reference).read_text())
    assert manifest["artifactType"] == ARTIFACT_TYPE
    assert manifest["config"]["mediaType"] == CONFIG_TYPE
    config = json.loads(blob(place, manifest["config"]["digest"]).read_text())
    assert set(config) == {"descriptor", "config", "modelfs"}
    assert config["modelfs"]["diffIds"] == [layer["digest"] for layer in manifest["layers"]]
    assert config["config"]["format"] == "gguf"
    kinds = {layer["annotations"][PATH]: layer["mediaType"] for layer in manifest["layers"]}
    assert kinds["weights.bin"] == WEIGHT_TYPE
    assert kinds["config.json"] == kinds["sub/tokenizer.json"] == kinds["edgewright.json"] == FILE_TYPE


def test_a_changed_layer_is_refused(layout, tmp_path):
    place, packed = layout
    largest = max((place / "blobs" / "sha256").iterdir(), key=lambda file: file.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[5] ^= 1
    largest.unlink()  # it may be a link to the build's own file
    largest.write_bytes(data)
    with pytest.raises(IntegrityError, match="differs from its recorded hash"):
        Oci().unpack(place, packed, tmp_path / "out")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../outside", "", "a\\b"])
def test_a_layer_cannot_lead_out_of_the_build(layout, tmp_path, name):
    place, packed = layout
    manifest = json.loads(blob(place, packed.reference).read_text())
    manifest["layers"][0]["annotations"][PATH] = name
    data = json.dumps(manifest).encode()
    changed = f"sha256:{hashlib.sha256(data).hexdigest()}"
    blob(place, changed).write_bytes(data)
    with pytest.raises(IntegrityError, match="not a file of a build"):
        Oci().unpack(place, Packed(download_bytes=0, reference=changed), tmp_path / "out")
    assert not (tmp_path / "outside").exists()
