"""What pip wrote when it failed, as one sentence with its next step."""

from edgewright.errors import IntegrityError, OfflineError, ResourceError, ToolchainError
from edgewright.sites.local.venv import _explained

MISMATCH = """ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions
    idna==3.20 from https://files.example/idna-3.20-py3-none-any.whl (from -r run.lock (line 4)):
        Expected sha256 0000
             Got        1111
"""


def explained(text):
    return _explained("pip install", 1, text.splitlines())


def test_a_file_with_another_hash_is_named_with_the_next_step():
    error = explained(MISMATCH)
    assert isinstance(error, IntegrityError)
    assert error.exit_code == 9
    assert "idna 3.20" in error.message
    assert "package index" in error.hint


def test_the_file_of_a_link_of_its_own_is_named_too():
    error = explained(MISMATCH.replace("idna==3.20 from ", "idna==3.20 from file:///wheels/"))
    assert "idna 3.20" in error.message


def test_where_no_cpu_build_of_pytorch_is_found_the_next_step_is_said():
    error = explained("ERROR: No matching distribution found for torch==2.13.0+cpu")
    assert isinstance(error, ToolchainError)
    assert "torch==2.13.0+cpu" in error.message
    assert "torch-cpu-wheels.md" in error.hint


def test_a_network_that_is_not_there_and_a_full_disk_are_told_from_the_rest():
    assert isinstance(explained("Temporary failure in name resolution"), OfflineError)
    assert isinstance(explained("No space left on device"), ResourceError)
    assert type(explained("error: no such thing")) is ToolchainError
