"""``edgewright package``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import json_option, offline_option, stacked


@click.command("package")
@click.argument("build", type=click.Path(path_type=Path))
@click.option(
    "--for",
    "kind",
    required=True,
    metavar="KIND",
    help="Kind of package: gguf, onnx, openvino or mlx (the build alone, for programs that read its format), huggingface (a folder for a hub), oci "
    "(an artifact for a registry), or one from a plug-in.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Directory of the package (default: packages/NAME-KIND)."
)
@click.option("--target", default="", help="Kind of device whose limits count (default: that of the run).")
@click.option("--max-download", metavar="SIZE", help="Limit of what is transferred, such as 50MB.")
@click.option("--max-disk", metavar="SIZE", help="Limit of the package's size on disk.")
@click.option("--max-memory", metavar="SIZE", help="Limit of the build's peak memory.")
@click.option("--no-smoke", is_flag=True, help="Do not run the packaged build. The package says so.")
@click.option(
    "--push",
    default="",
    metavar="REF",
    help="Push the package (--for oci) to a registry, such as registry.example/team/model:1.",
)
@stacked(offline_option, json_option)
def command(
    *,
    build: Path,
    kind: str,
    out: Path | None,
    target: str,
    max_download: str | None,
    max_disk: str | None,
    max_memory: str | None,
    no_smoke: bool,
    push: str,
    offline: bool,
    as_json: bool,
) -> int:
    """Package BUILD, which is the directory of a build, or of a run (then the build that it recommends).

    The packaged build is run from the package's files alone, and has to give the same token ids as the build. Exit status
    13: the package is larger than a limit allows.
    """
    from edgewright.api import package
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.core.release.package import Budgets
    from edgewright.inputs.config import size_bytes
    from edgewright.report.package import show_package

    limits = {"download_bytes": max_download, "disk_bytes": max_disk, "peak_bytes": max_memory}
    budgets = Budgets(**{name: size_bytes(text) for name, text in limits.items() if text is not None})
    with TerminalReporter() as reporter:
        made = package(
            build,
            kind=kind,
            out=out,
            target=target,
            budgets=budgets,
            smoke=not no_smoke,
            push=push,
            offline=offline,
            reporter=reporter,
        )
    if as_json:
        print_json(made)
    else:
        show_package(console(), made)
    return 0
