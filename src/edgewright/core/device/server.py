"""A runtime's own server, as its framework declares it: how to start it, when it is ready, and what of it may be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"
"""Runtimes' servers are not safe to expose: they are reached from this machine only."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers several requests at a time, in the run half of its framework's toolchain.

    ``program`` is an executable; ``{VARIABLE}`` in it is a variable of the toolchain's environment. In ``arguments`` stand
    ``{model}`` (the file or directory of a build that matches ``model``; the build itself without), ``{host}``, ``{port}`` and
    the fields of `Load`. The server reads the secret that each request has to carry from the environment variable ``secret``.
    The route ``ready`` answers 200 once the model is loaded.

    A gateway passes on ``routes`` only, and takes the fields ``withheld`` out of a request: they reach files, other
    requests, or an engine's own settings.
    """

    title: str
    program: str
    arguments: tuple[str, ...]
    secret: str
    ready: str
    routes: tuple[str, ...]
    withheld: tuple[str, ...] = ()
    model: str = ""

    def command(self, variables: Mapping[str, str], *, model: str, port: int, load: Load) -> tuple[str, ...]:
        """The command line that serves a model on a port of this machine.

        Raises:
            KeyError: a variable of the environment, or a name in an argument, is unknown.
        """
        names = {
            "model": model,
            "host": HOST,
            "port": str(port),
            "context": str(load.context * load.slots),
            "slots": str(load.slots),
            "threads": str(load.threads),
        }
        return (
            self.program.format_map(dict(variables)),
            *(argument.format_map(names) for argument in self.arguments),
        )


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a server is started for: requests at once, tokens of context for each of them, and threads."""

    slots: int = 1
    context: int = 4096
    threads: int = 1
