"""``oci``: a model artifact of the CNCF ModelPack specification, as an OCI image layout that any registry tool can push.

Specification: github.com/modelpack/model-spec (manifest, configuration, annotations), on the OCI image specification 1.1.
Layers are single files, neither archived nor compressed, so a registry keeps each file once and an interrupted transfer
goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from edgewright.core.quoted import quoted
from edgewright.core.recipe.artifact import MANIFEST_NAME, Manifest
from edgewright.core.recipe.recipes import Precision
from edgewright.core.release.package import Package
from edgewright.errors import IntegrityError
from edgewright.packagers.files import demand, digest_of, put
from edgewright.ports.packager import Packed, Subject
from edgewright.reasons import Reason

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json"
WEIGHT_TYPE = "application/vnd.cncf.model.weight.v1.raw"
FILE_TYPE = "application/vnd.cncf.model.weight.config.v1.raw"
PATH = "org.cncf.model.filepath"
TITLE = "org.opencontainers.image.title"
"""Tools that know nothing of models name a pulled file by it."""

_WEIGHTS = {".gguf", ".safetensors", ".onnx", ".data", ".bin", ".ort"}
_FORMATS = {"llamacpp": "gguf", "onnx": "onnx", "openvino": "openvino", "mlx": "safetensors"}
_PRECISIONS = {Precision.FP32: "float32", Precision.FP16: "float16", Precision.INT8: "int8"}


class Oci:
    """See `Packager`."""

    kind = "oci"
    title = "OCI artifact (CNCF ModelPack) for a registry"

    def refusal(self, build: Manifest) -> Reason | None:
        """Any build is a set of files."""
        del build
        return None

    def pack(self, subject: Subject, root: Path) -> Packed:
        """An OCI image layout: ``oci-layout``, ``index.json``, and blobs by their digests."""
        source = Path(subject.artifact.path)
        names = [*(file.path for file in subject.files), MANIFEST_NAME]
        layers = [_layer(root, source / name, name) for name in names]
        config = _blob(root, _configuration(subject, layers), CONFIG_TYPE)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": config,
            "layers": layers,
            "annotations": {"org.opencontainers.image.created": _time(subject.made_s), TITLE: subject.name},
        }
        described = _blob(root, manifest, MANIFEST_TYPE)
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{**described, "artifactType": ARTIFACT_TYPE}],
        }
        (root / "index.json").write_bytes(_json(index))
        (root / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
        total = described["size"] + config["size"] + sum(layer["size"] for layer in layers)
        return Packed(download_bytes=total, reference=described["digest"])

    def unpack(self, root: Path, package: Packed, place: Path) -> Path:
        """Write every layer to its path, after its digest was checked."""
        manifest = _read(root, package.reference)
        for layer in manifest["layers"]:
            name = layer["annotations"][PATH]
            if not _is_plain(name):
                raise IntegrityError(
                    f"A layer of the package has the path {quoted(name)}, which is not a file of a build.",
                    hint="Get the package again.",
                )
            blob = _place(root, layer["digest"])
            demand(blob, layer["digest"].partition(":")[2])
            put(blob, place / name)
        return place

    def page(self, package: Package, text: str) -> str:
        """As it is."""
        del package
        return text

    def usage(self, package: Package) -> str:
        """With the tools that push layouts."""
        tag = package.name.lower()
        return (
            "Push the layout to a registry with any OCI tool, then pull it where it runs:\n\n"
            "```sh\n"
            f"skopeo copy oci:. docker://registry.example/{tag}:1\n"
            f"oras cp --from-oci-layout .@{package.reference} registry.example/{tag}:1\n"
            f"oras pull registry.example/{tag}:1 --output model\n"
            "```\n\n"
            "Each layer is one file of the build; its path is the annotation "
            f"`{PATH}`. The manifest is `{package.reference}`."
        )


def _layer(root: Path, file: Path, name: str) -> dict[str, Any]:
    seen = digest_of(file)
    put(file, _place(root, f"sha256:{seen.sha256}"))
    return {
        "mediaType": WEIGHT_TYPE if file.suffix in _WEIGHTS else FILE_TYPE,
        "digest": f"sha256:{seen.sha256}",
        "size": seen.size_bytes,
        "annotations": {PATH: name, TITLE: name},
    }


def _configuration(subject: Subject, layers: list[dict[str, Any]]) -> dict[str, Any]:
    manifest = subject.artifact.manifest
    recipe = manifest.recipe
    config = {
        "architecture": "transformer",
        "format": _FORMATS.get(recipe.framework, recipe.framework),
        "paramSize": f"{manifest.parameters / 1e6:.1f}M",
        "quantization": "" if recipe.precision.unquantized else recipe.name,
    }
    if recipe.precision in _PRECISIONS:
        config["precision"] = _PRECISIONS[recipe.precision]
    return {
        "descriptor": {"createdAt": _time(subject.made_s), "name": subject.name, "revision": manifest.key},
        "config": {name: value for name, value in config.items() if value},
        "modelfs": {"type": "layers", "diffIds": [layer["digest"] for layer in layers]},
    }


def _blob(root: Path, document: Mapping[str, Any], kind: str) -> dict[str, Any]:
    data = _json(document)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    place = _place(root, digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return {"mediaType": kind, "digest": digest, "size": len(data)}


def _read(root: Path, digest: str) -> dict[str, Any]:
    place = _place(root, digest)
    demand(place, digest.partition(":")[2])
    document: dict[str, Any] = json.loads(place.read_bytes())
    return document


def _place(root: Path, digest: str) -> Path:
    algorithm, _, name = digest.partition(":")
    return root / "blobs" / algorithm / name


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in name
