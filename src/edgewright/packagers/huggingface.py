"""``huggingface``: a folder for a model hub, with a model card that has the figures of the run."""

from __future__ import annotations

import re
from pathlib import Path

from edgewright.core import knowledge
from edgewright.core.recipe.artifact import MANIFEST_NAME, Manifest
from edgewright.core.release.package import Package
from edgewright.packagers.files import put
from edgewright.ports.packager import Packed, Subject
from edgewright.reasons import Reason, because

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


class HuggingFace:
    """See `Packager`. The build's files lie at the top, where programs that load from a hub look for them."""

    kind = "huggingface"
    title = "Folder for a model hub"

    def refusal(self, build: Manifest) -> Reason | None:
        """A file of the build that has the name of the model card."""
        taken = [file.path for file in build.files if file.path.lower() == "readme.md"]
        return because("name_taken", name=taken[0]) if taken else None

    def pack(self, subject: Subject, root: Path) -> Packed:
        """The build's files and its manifest."""
        source = Path(subject.artifact.path)
        names = [*(file.path for file in subject.files), MANIFEST_NAME]
        for name in names:
            put(source / name, root / name)
        total = sum((root / name).stat().st_size for name in names)
        return Packed(model=".", download_bytes=total, unverified=(because("hub_not_reached"),))

    def unpack(self, root: Path, package: Packed, place: Path) -> Path:
        """As it lies there."""
        del package, place
        return root

    def page(self, package: Package, text: str) -> str:
        """With the metadata that a hub reads. The licence is that of the original, which is not known here, and is left out."""
        library = knowledge.format_of(package.framework) or package.framework
        tags = ["edgewright", library, package.build.partition("/")[2]]
        lines = [
            "---",
            f"library_name: {library}",
            "pipeline_tag: text-generation",
            "tags:",
            *(f"- {tag}" for tag in dict.fromkeys(tags)),
        ]
        if _HUB_ID.fullmatch(package.source):
            lines += [f"base_model: {package.source}", "base_model_relation: quantized"]
        return "\n".join([*lines, "---", "", text])

    def usage(self, package: Package) -> str:
        """With the hub's own tool."""
        return (
            "Add the licence of the original model to the metadata above (`license: ...`), then upload the folder:\n\n"
            f"```sh\nhf upload OWNER/{package.name} . .\n```"
        )
