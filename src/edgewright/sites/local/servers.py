"""A runtime's own server as a child process: on a free port of the loopback interface, with a random secret, until it is closed."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from edgewright.core.device.server import HOST, Load, Server
from edgewright.errors import ToolchainError, WorkerError
from edgewright.sites.local.children import child_environment, kill_group, own_group

_LEASH = Path(__file__).with_name("die_with_parent.py")
_LOOK_S, _ANSWER_S = 0.1, 5.0
_PORTS = 3
"""Another process may take the port between our look and the server's; then another one is tried."""


class LocalServer:
    """The `LiveServer` of a child process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, secret: str) -> None:
        self._process = process
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self.secret = secret

    @property
    def alive(self) -> bool:
        """See `LiveServer.alive`."""
        return self._process.poll() is None

    def close(self) -> None:
        """See `LiveServer.close`."""
        kill_group(self._process)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def start_server(
    server: Server, variables: Mapping[str, str], build: Path, load: Load, log: Path, *, timeout_s: float
) -> LocalServer:
    """Start a server for a build, and wait until it has loaded it.

    Raises:
        ToolchainError: this toolchain has no such server.
        WorkerError: the build has no model for it, or it ended or was not ready in time; the message names the log.
    """
    model = _model(server, build)
    log.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(_PORTS):
        port, secret = _free_port(), secrets.token_urlsafe(32)
        command = _command(server, variables, model, port, load)
        with log.open("ab") as stream:
            process = _spawn(command, {**variables, server.secret: secret}, stream)
        live = LocalServer(process, port, secret)
        try:
            if _is_ready(live, server, time.monotonic() + timeout_s):
                return live
            ended = not live.alive
        except BaseException:
            live.close()
            raise
        live.close()
        if not ended or attempt == _PORTS - 1 or not _is_taken(port):
            what = "ended before it was ready" if ended else f"was not ready within {timeout_s:.0f} s"
            raise WorkerError(f"{server.title} {what}.", hint=f"The log is {log}.")
    raise AssertionError("the last attempt returns or raises")


def _model(server: Server, build: Path) -> Path:
    if not server.model:
        return build
    found = sorted(build.glob(server.model)) if build.is_dir() else [build]
    if not found:
        raise WorkerError(f"{build} has no {server.model} for {server.title}.", hint="Give another build.")
    return found[0]


def _command(
    server: Server, variables: Mapping[str, str], model: Path, port: int, load: Load
) -> Sequence[str]:
    try:
        command = server.command(variables, model=str(model), port=port, load=load)
    except KeyError as error:
        raise ToolchainError(
            f"The toolchain does not say where {server.title} is: {error} is not set.",
            hint="Run `edgewright toolchain list`.",
        ) from error
    if not Path(command[0]).is_file():
        raise ToolchainError(
            f"This toolchain has no {server.title}: {command[0]} is missing.",
            hint="Install a llama.cpp that has it, or let edgewright compile its own.",
        )
    return command


def _spawn(command: Sequence[str], variables: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_LEASH), *command],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=child_environment(variables),
        **own_group(),
    )


def _is_ready(live: LocalServer, server: Server, deadline_s: float) -> bool:
    while live.alive and time.monotonic() < deadline_s:
        if _answers(live.port, server.ready):
            return True
        time.sleep(_LOOK_S)
    return False


def _answers(port: int, route: str) -> bool:
    with closing(HTTPConnection(HOST, port, timeout=_ANSWER_S)) as connection:
        try:
            connection.request("GET", route)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def _is_taken(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((HOST, port)) == 0
