import pytest

from edgewright.errors import InputError, UsageError
from edgewright.inputs.config import (
    budget,
    evaluation_text,
    policy_from,
    preferences,
    read_policy,
    size_bytes,
)


@pytest.mark.parametrize(
    ("text", "number"), [("2GB", 2e9), ("110 MB", 110e6), ("1.5GiB", 1.5 * 2**30), ("4096", 4096)]
)
def test_sizes(text, number):
    assert size_bytes(text) == int(number)


@pytest.mark.parametrize("text", ["", "big", "-1MB", "0", "12 parsecs"])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="2GB or 110MB"):
        size_bytes(text)


def test_durations():
    assert (budget("30m"), budget("2h"), budget("45")) == ((1800.0, None), (7200.0, None), (45.0, None))
    assert budget("40 trials") == budget("40trials") == (None, 40)


def test_preferences():
    assert preferences("speed=2, accuracy=0.5") == {"speed": 2.0, "accuracy": 0.5}


@pytest.mark.parametrize("text", ["speed", "colour=1", "speed=fast", "speed=0", "speed=-1", "speed=nan"])
def test_preferences_that_make_no_sense(text):
    with pytest.raises(UsageError):
        preferences(text)


def test_flags_replace_the_default_gate_of_the_same_metric():
    policy = policy_from(None, {"speedup": 3.0, "peak_bytes": 1e9, "ttft_ms": None})
    gates = {gate.metric: (gate.sign, gate.bound) for gate in policy.gates}
    assert gates["speedup"] == (">=", 3.0)
    assert gates["peak_bytes"] == ("<=", 1e9)
    assert gates["accuracy_retained"] == (">=", 0.95)
    assert "ttft_ms" not in gates


def test_a_policy_file(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("[gates.speedup]\nat_least = 1.5\n[prefer]\nspeed = 3\n")
    policy = read_policy(path)
    assert {g.metric: g.bound for g in policy.gates}["speedup"] == 1.5
    assert policy.prefer == {"speed": 3.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[gates.spedup]\nat_least = 1", "not a metric"),
        ("[gates.speedup]\natleast = 1", "atleast"),
        ("[gate.speedup]\nat_least = 1", "gate"),
        ("[prefer]\ncolour = 1", "colour"),
        ("[prefer]\nspeed = -1", "0 or more"),
        ("[prefer]\nspeed = nan", "0 or more"),
        ("[gates.speedup]\n", "either at_least or at_most"),
    ],
)
def test_a_wrong_key_in_a_policy_file_is_named(tmp_path, text, message):
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_policy(path)


def test_a_policy_file_that_is_no_toml_or_missing(tmp_path):
    path = tmp_path / "policy.toml"
    with pytest.raises(InputError, match="cannot be read"):
        read_policy(path)
    path.write_text("= 3")
    with pytest.raises(InputError, match="not valid TOML"):
        read_policy(path)


def test_evaluation_text_comes_from_the_user_or_from_python_itself(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("hello")
    assert evaluation_text(path).content == "hello"
    assert len(evaluation_text(None).content) > 100_000


def test_evaluation_text_that_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match="no evaluation data"):
        evaluation_text(tmp_path / "nothing.txt")
    (tmp_path / "empty.txt").write_text("  \n")
    with pytest.raises(InputError, match="empty"):
        evaluation_text(tmp_path / "empty.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        evaluation_text(tmp_path / "binary.txt")
