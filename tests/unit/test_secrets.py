"""Secrets of the parent's environment never reach a framework's process, and so never its log."""

import pytest

from edgewright.sites.local.children import child_environment


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "PGPASSWORD", "MY_CREDENTIALS"]
)
def test_a_secret_is_not_handed_to_a_child(monkeypatch, name):
    monkeypatch.setenv(name, "geheim")
    assert "geheim" not in child_environment({}).values()


def test_a_child_does_not_inherit_the_parents_python_settings(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert "PYTHONPATH" not in child_environment({})


def test_telemetry_and_the_hub_are_off_in_every_child():
    made = child_environment({})
    for name in ("DO_NOT_TRACK", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "OLIVE_DISABLE_TELEMETRY"):
        assert made[name] == "1"
