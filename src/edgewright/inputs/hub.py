"""Models by hub id: fetched resumably; offline the cached snapshot serves.

Law: only safetensors, configuration and tokenizer files, of the repository's top folder; pickled weights and Python code
come only to those who took that risk by name, and pickled weights only where there are no others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from edgewright.errors import InputError, OfflineError

_WANTED = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.jinja",
    "LICENSE*",
    "README.md",
]
_UNWANTED = ["consolidated*", "adapter*", "*/*"]
_ADAPTER = ["adapter_config.json", "adapter_model.safetensors"]
_PICKLED = ["pytorch_model*.bin", "pytorch_model.bin.index.json"]
_CODE = ["*.py"]


def snapshot(
    name: str, *, offline: bool, allow_pickle: bool = False, allow_remote_code: bool = False
) -> Path:
    """The directory of a hub model's snapshot.

    Raises:
        OfflineError: it is not cached, and the hub may not or cannot be asked.
        InputError: the hub has no such model, or asks for an agreement first.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download  # noqa: PLC0415  # slow to import, and needed for hub ids only
    from huggingface_hub.errors import (  # noqa: PLC0415
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    def fetch(patterns: list[str], unwanted: Sequence[str] = _UNWANTED) -> Path:
        found = snapshot_download(
            name, allow_patterns=patterns, ignore_patterns=list(unwanted), local_files_only=offline
        )
        return Path(found)

    try:
        return fetch_all(fetch, allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    except GatedRepoError as error:
        hint = "Accept them on the model's page, then run: hf auth login"
        raise InputError(f"The hub requires you to accept the terms of {name}.", hint=hint) from error
    except RepositoryNotFoundError as error:
        raise InputError(
            f"The hub has no model {name}, or it is private.", hint="Check the spelling."
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        why = "--offline was given" if offline else "the hub cannot be reached"
        raise OfflineError(
            f"{name} is not in the local cache, and {why}.",
            hint="Download it once with network access, or give the path of a local directory.",
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise OfflineError(
            f"{name} cannot be downloaded from the hub: {type(error).__name__}.",
            hint="Try again later; completed downloads are kept.",
        ) from error


def fetch_all(fetch: Callable[..., Path], *, allow_pickle: bool, allow_remote_code: bool) -> Path:
    """What ``fetch`` brings for the patterns that the user allows; pickled weights are the second choice.

    A repository without a configuration may hold an adapter.
    """
    wanted = [*_WANTED, *(_CODE if allow_remote_code else [])]
    directory = fetch(wanted)
    if not (directory / "config.json").exists():
        return fetch([*wanted, *_ADAPTER], ["*/*"])
    if allow_pickle and not any(directory.glob("*.safetensors")):
        directory = fetch([*wanted, *_PICKLED])
    return directory
