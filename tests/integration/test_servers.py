"""A runtime's own server, started as its framework declares it: it answers as the session does, and several at a time."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from edgewright.app.steps.build import build
from edgewright.core.device.server import Load, Server
from edgewright.core.jobs.requests import SessionJob
from edgewright.core.jobs.results import Failure
from edgewright.errors import ToolchainError, WorkerError

TOKENS = 12
PROMPTS = ((1, 5, 9, 2, 7, 3), (4, 4, 8, 6, 1, 2))


@pytest.fixture(scope="module")
def artifact(lab, backend, tiny):
    recipe = backend.recipes(tiny.facts)[0]
    made = build(lab.context, tiny, recipe, None, lab.context.logs / "served.log")
    assert not isinstance(made, Failure), made.reason
    return made


@pytest.fixture(scope="module")
def backend(lab):
    """llama.cpp, where its tools include the server: those that this project compiles do not yet."""
    backend = lab.environment.backends["llamacpp"]
    tools = lab.context.toolchains.state(backend.toolchain).environment["EDGEWRIGHT_LLAMA_CPP_BIN"]
    if not (Path(tools) / "llama-server").is_file():
        pytest.skip(f"{tools} has no llama-server: set LLAMA_CPP_HOME to a llama.cpp that has it")
    return backend


@pytest.fixture(scope="module")
def server(lab, backend, artifact):
    log = lab.context.logs / "llama-server.log"
    load = Load(slots=2, context=128, threads=2)
    live = lab.context.sessions.serve(backend.toolchain, backend.server, Path(artifact.path), load, log)
    yield live
    live.close()


def ask(live, route, body=None, secret=None):
    connection = HTTPConnection(urlsplit(live.url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    connection.request("POST" if body else "GET", route, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


def continued(live, prompt):
    body = {
        "prompt": list(prompt),
        "n_predict": TOKENS,
        "temperature": 0.0,
        "ignore_eos": True,
        "return_tokens": True,
    }
    status, text = ask(live, "/completion", body, live.secret)
    assert status == 200, text
    return json.loads(text)["tokens"]


def test_it_answers_as_the_session_that_was_measured_several_at_a_time(lab, backend, artifact, server):
    job = SessionJob(worker=backend.worker, artifact=artifact.path, runtime=artifact.recipe.runtime)
    session = lab.context.sessions.open(backend.toolchain, job, lab.context.logs / "beside-server.log")
    try:
        expected = [list(session.stream(prompt, TOKENS)) for prompt in PROMPTS]
    finally:
        session.close()
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda prompt: continued(server, prompt), PROMPTS)) == expected


def test_without_the_secret_nothing_is_answered(server):
    status, text = ask(server, "/completion", {"prompt": [1, 2]})
    assert status == 401, text


STAND_IN = """
import http.server, json, os, sys
model, port = sys.argv[1], int(sys.argv[2])
if not open(model, "rb").read(4) == b"GGUF":
    sys.exit("no model")

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        allowed = self.path == "/health" or self.headers["Authorization"] == "Bearer " + os.environ["STAND_IN_KEY"]
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(json.dumps(sys.argv).encode())

http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def stand_in(lab, tmp_path):
    """A small program in the place of a runtime's server, and a build for it."""
    toolchain = lab.context.reference.toolchain
    (tmp_path / "server.py").write_text(STAND_IN)
    (tmp_path / "start").write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/server.py "$@"\n')
    (tmp_path / "start").chmod(0o755)
    build = tmp_path / "build"
    build.mkdir()
    (build / "model.gguf").write_bytes(b"GGUF")
    declared = Server(
        title="stand-in",
        program=str(tmp_path / "start"),
        model="*.gguf",
        arguments=("{model}", "{port}", "{slots}", "{context}", "{threads}"),
        secret="STAND_IN_KEY",
        ready="/health",
        routes=("/",),
    )
    log = tmp_path / "server.log"
    return (
        partial(lab.context.sessions.serve, toolchain, load=Load(slots=2, context=64), log=log),
        declared,
        build,
    )


def test_a_server_is_started_with_its_build_and_guarded_by_a_secret(stand_in):
    serve, declared, build = stand_in
    live = serve(declared, build)
    status, text = ask(live, "/", secret=live.secret)
    assert (status, json.loads(text)[1:]) == (
        200,
        [str(build / "model.gguf"), str(live.port), "2", "128", "1"],
    )
    assert ask(live, "/")[0] == 401
    live.close()
    live.close()
    assert not live.alive
    with pytest.raises(OSError, match="refused"):
        ask(live, "/health")


def test_a_build_that_it_cannot_load_is_an_error_that_names_the_log(stand_in, tmp_path):
    serve, declared, build = stand_in
    (build / "model.gguf").write_bytes(b"none")
    with pytest.raises(WorkerError, match="stand-in ended before it was ready") as caught:
        serve(declared, build)
    assert caught.value.hint == f"The log is {tmp_path / 'server.log'}."
    assert "no model" in (tmp_path / "server.log").read_text()
    (build / "model.gguf").unlink()
    with pytest.raises(WorkerError, match=r"has no \*\.gguf"):
        serve(declared, build)


def test_a_server_that_is_never_ready_is_ended(stand_in):
    serve, declared, build = stand_in
    with pytest.raises(WorkerError, match="was not ready within 2 s"):
        serve(replace(declared, ready="/never"), build, timeout_s=2.0)
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if str(build) in " ".join(p.info["cmdline"] or [])
    ]


def test_a_toolchain_without_the_server_says_so(stand_in):
    serve, declared, build = stand_in
    with pytest.raises(ToolchainError, match="NOWHERE"):
        serve(replace(declared, program="{NOWHERE}/server"), build)
    with pytest.raises(ToolchainError, match="has no stand-in"):
        serve(replace(declared, program="/nowhere/server"), build)
