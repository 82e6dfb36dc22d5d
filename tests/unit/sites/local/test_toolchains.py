"""What a toolchain's directory says, and what stands in the way of a new one; nothing is started."""

import platform
from dataclasses import replace

import pytest
from filelock import FileLock

from edgewright.app.intake.sources import unavailable
from edgewright.codec import dump
from edgewright.core.device.toolchain import Half, NativeBuild, SystemSupport, ToolchainSpec, ToolchainState
from edgewright.errors import IntegrityError, OfflineError, ResourceError, ToolchainError
from edgewright.sites.local.drafts import new_draft
from edgewright.sites.local.home import Home
from edgewright.sites.local.install import compilers_only
from edgewright.sites.local.native import foreign_tools
from edgewright.sites.local.toolchains import LocalToolchains, _obstacle
from edgewright.sites.local.venv import python_of

SPEC = ToolchainSpec(
    name="x",
    title="X",
    digest="0123456789abcdef",
    lock="",
    supports=(SystemSupport(system=platform.system()),),
    unsupported_reason="",
    disk_bytes=1,
    install_minutes=1.0,
    worker="x",
)
NATIVE = NativeBuild(
    distribution="n==1",
    sha256="0",
    source_dir="",
    cmake_options=(),
    targets=(),
    binding_env={},
    minutes_on_two_cores=1.0,
    disk_bytes=1,
)


def silent(_):
    pass


@pytest.fixture
def home(tmp_path):
    return Home(root=tmp_path / "home")


def installed(home, spec=SPEC):
    """A directory as an installer leaves it; a run half has an environment variable that points into it."""
    place = LocalToolchains(home).place(spec)
    python_of(place).parent.mkdir(parents=True)
    python_of(place).touch()
    (place / "bin").mkdir()
    state = ToolchainState(
        name=spec.full_name,
        ready=True,
        supported=True,
        installed=True,
        path=str(place),
        environment={} if spec.needs else {"EDGEWRIGHT_LLAMA_CPP_BIN": str(place / "bin"), "MODE": "fast"},
    )
    (place / "toolchain.json").write_bytes(dump(state))
    return place


def test_a_home_can_be_moved(home, tmp_path):
    """Path and variables are those of the present place, not of the one that was recorded."""
    old = installed(home)
    moved = Home(root=tmp_path / "elsewhere")
    home.root.rename(moved.root)
    state = LocalToolchains(moved).state(SPEC)
    assert state.ready
    assert state.path == str(moved.toolchains / old.name)
    assert state.environment == {"EDGEWRIGHT_LLAMA_CPP_BIN": f"{state.path}/bin", "MODE": "fast"}


def test_an_environment_whose_python_was_upgraded_away_is_not_installed(home):
    place = installed(home)
    python_of(place).unlink()
    python_of(place).symlink_to("/usr/bin/python3.0")
    state = LocalToolchains(home).state(SPEC)
    assert (state.ready, state.installed) == (False, False)
    assert "Python" in state.reason
    assert "toolchain install x" in state.hint


def test_tools_that_are_gone_are_named(home):
    place = installed(home)
    (place / "bin").rmdir()
    state = LocalToolchains(home).state(SPEC)
    assert not state.ready
    assert str(place / "bin") in state.reason
    assert state.hint


def test_a_record_of_an_earlier_version_still_loads(home):
    place = installed(home)
    record = place / "toolchain.json"
    assert '"obstacle":null' in record.read_text()
    record.write_text(record.read_text().replace('"obstacle":null', '"needs_network":false'))
    assert LocalToolchains(home).state(SPEC).ready


def test_a_broken_record_says_what_to_do(home):
    (installed(home) / "toolchain.json").write_text("{")
    state = LocalToolchains(home).state(SPEC)
    assert not state.ready
    assert "toolchain remove x" in state.hint


def test_a_full_disk_is_a_lack_of_resources(home):
    state = LocalToolchains(home).ensure(replace(SPEC, disk_bytes=10**18), silent)
    error = unavailable(SPEC, state)
    assert isinstance(error, ResourceError)
    assert "GB are needed" in error.message
    assert "EDGEWRIGHT_HOME" in error.hint


def test_a_home_that_cannot_be_made_is_a_lack_of_resources(home):
    home.root.write_text("a file")
    assert isinstance(unavailable(SPEC, LocalToolchains(home).ensure(SPEC, silent)), ResourceError)


def test_offline_a_missing_toolchain_is_a_lack_of_network(home):
    state = LocalToolchains(home, offline=True).ensure(SPEC, silent)
    assert isinstance(unavailable(SPEC, state), OfflineError)


@pytest.mark.parametrize("kind", [OfflineError, ResourceError, IntegrityError, ToolchainError])
def test_an_error_keeps_its_kind_through_the_state(kind):
    state = ToolchainState(
        name="x", ready=False, supported=True, installed=False, obstacle=_obstacle(kind("no"))
    )
    assert type(unavailable(SPEC, state)) is kind


def test_without_a_compiler_nothing_is_downloaded(home, tmp_path, monkeypatch):
    """No process may start here: the check comes before the environment is made."""
    for name in ("CXX", "LLAMA_CPP_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    state = LocalToolchains(home).ensure(replace(SPEC, native=NATIVE), silent)
    assert "No C++ compiler" in state.reason
    assert "apt-get install g++" in state.hint


def test_removing_waits_for_an_installer_and_takes_half_made_ones_too(home):
    place = installed(home)
    for draft in (new_draft(home.toolchains / "x"), home.toolchains / ".x.draft"):
        draft.mkdir()
        (draft / "f").write_bytes(b"12")
    other = FileLock(home.toolchains / ".x.lock")
    other.acquire()
    said = []

    def tell(progress):
        assert place.is_dir()
        said.append(progress.message)
        other.release(force=True)

    freed = LocalToolchains(home).remove(SPEC, tell)
    assert said == ["waiting for another edgewright at work on x"]
    assert freed > 4
    assert [path.name for path in home.toolchains.iterdir()] == [".x.lock"]


BUILD = replace(SPEC, half=Half.BUILD, digest="fedcba9876543210", needs=SPEC)


def test_a_build_half_without_its_run_half_is_not_ready(home):
    installed(home, BUILD)
    state = LocalToolchains(home).state(BUILD)
    assert (state.ready, state.name) == (False, "x-build")
    assert "run half" in state.reason
    assert "toolchain install x" in state.hint


def test_a_build_half_has_the_variables_of_the_run_half_where_that_lies_now(home, tmp_path):
    run = installed(home)
    installed(home, BUILD)
    moved = Home(root=tmp_path / "elsewhere")
    home.root.rename(moved.root)
    state = LocalToolchains(moved).state(BUILD)
    assert state.ready
    assert state.environment["EDGEWRIGHT_LLAMA_CPP_BIN"] == str(moved.toolchains / run.name / "bin")


def test_a_failure_below_is_the_build_halfs_reason_too(home):
    needs = replace(SPEC, disk_bytes=10**18)
    state = LocalToolchains(home).ensure(replace(BUILD, needs=needs), silent)
    assert isinstance(unavailable(BUILD, state), ResourceError)


def test_removing_takes_both_halves(home):
    installed(home)
    installed(home, BUILD)
    LocalToolchains(home).remove(SPEC, silent)
    assert [path.name for path in home.toolchains.iterdir()] == [".x.lock"]


def test_a_users_own_tools_are_said_to_be_held_against_no_hash(tmp_path):
    for place, expected in ((tmp_path / "native" / "bin", ()), ("/opt/llama", ("the tools in /opt/llama",))):
        assert foreign_tools({"EDGEWRIGHT_LLAMA_CPP_BIN": str(place)}, tmp_path) == expected
    assert foreign_tools({}, tmp_path) == ()


def test_what_compiles_stays_only_where_running_needs_it_too():
    spec = replace(SPEC, lock="setuptools==1\n", compile_lock="cmake==2\nsetuptools==1\n")
    assert compilers_only(spec) == ("cmake",)
    assert compilers_only(replace(spec, compile_lock="setuptools==1\n")) == ()
