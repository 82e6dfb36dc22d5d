"""Models by hub id: only safetensors and tokenizer files are fetched, resumably; offline the cached snapshot serves."""

from __future__ import annotations

import os
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


def snapshot(name: str, *, offline: bool) -> Path:
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

    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED, local_files_only=offline))
    except GatedRepoError as error:
        hint = "Accept them on the model's page, then run: hf auth login"
        raise InputError(f"The hub gives {name} only to those who accepted its terms.", hint=hint) from error
    except RepositoryNotFoundError as error:
        raise InputError(
            f"The hub has no model {name}, or it is private.", hint="Check the spelling."
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        why = "--offline was given" if offline else "the hub cannot be reached"
        raise OfflineError(
            f"{name} is not in the local cache, and {why}.",
            hint="Fetch it once with a network, or give the path of a local directory.",
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise OfflineError(
            f"{name} cannot be fetched from the hub: {type(error).__name__}.",
            hint="Try again later; what was fetched is kept.",
        ) from error
