"""The smoke test of a package: the build, restored from the packaged files alone, answers with the ids that the build gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgewright.app.intake.opening import open_session
from edgewright.app.intake.runnable import Runnable, source_of_build
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.release.package import Smoke, SmokeTest
from edgewright.errors import WorkerError
from edgewright.ports import Backend, Context
from edgewright.reasons import because
from edgewright.tasks.text_generation.parity import chat_turns

TOKENS = 16
_WITHOUT_TOKENIZER = (tuple(range(1, 17)),)


def tried(context: Context, build: Artifact, packaged: Path) -> SmokeTest:
    """Continue a few prompts in the build and in the packaged one; in the run half of its toolchain.

    Raises:
        WorkerError: the packaged build cannot be loaded, or answers otherwise.
    """
    backend = context.backend(build.recipe.framework)
    state = context.toolchains.ensure(backend.toolchain, context.reporter.tell)
    if not state.ready:
        return SmokeTest(outcome=Smoke.NOT_RUN, reason=because("smoke_no_toolchain", text=state.reason))
    prompts = _prompts(context, build)
    context.reporter.phase("running the packaged build")
    expected = _answers(context, backend, build, Path(build.path), prompts)
    got = _answers(context, backend, build, packaged, prompts)
    if got != expected:
        differing = sum(one != other for one, other in zip(got, expected, strict=True))
        raise WorkerError(
            f"The packaged build answers {differing} of {len(prompts)} prompts differently from the build.",
            hint="Please report this with the build's edgewright.json.",
        )
    return SmokeTest(
        outcome=Smoke.EQUAL,
        prompts=len(prompts),
        tokens=TOKENS,
        toolchain=backend.toolchain.name,
        toolchain_digest=backend.toolchain.digest,
    )


def _prompts(context: Context, build: Artifact) -> Sequence[tuple[int, ...]]:
    """The parity prompts in the build's own tokenizer; fixed ids where it has none."""
    place = source_of_build(context, Path(build.path))
    if place is None:
        return _WITHOUT_TOKENIZER
    tokenizer = context.files.tokenizer(place)
    return [tuple(tokenizer.encode(turn)) for turn in chat_turns(tokenizer)]


def _answers(
    context: Context, backend: Backend, build: Artifact, path: Path, prompts: Sequence[tuple[int, ...]]
) -> list[list[int]]:
    subject = Runnable(
        name=build.manifest.id,
        backend=backend,
        path=str(path),
        identity=build.manifest.key,
        runtime=build.manifest.runtime,
    )
    session = open_session(context, subject)
    try:
        return [list(session.stream(prompt, TOKENS)) for prompt in prompts]
    finally:
        session.close()
