import pytest

from edgewright.testing import BackendConformance, FakeBackend
from edgewright.wiring import BACKENDS


class TestFakeBackend(BackendConformance):
    def make(self):
        return FakeBackend("fake")


@pytest.mark.parametrize("kind", BACKENDS, ids=lambda kind: kind.__name__)
class TestBackends(BackendConformance):
    @pytest.fixture(autouse=True)
    def _kind(self, kind):
        self.kind = kind

    def make(self):
        return self.kind()
