import pytest

from edgewright.environment import PACKAGERS
from edgewright.testing import PackagerConformance


@pytest.mark.parametrize("packager", PACKAGERS, ids=lambda packager: packager.kind)
class TestPackagers(PackagerConformance):
    @pytest.fixture(autouse=True)
    def _packager(self, packager):
        self.packager = packager
        self.framework = getattr(packager, "framework", "llamacpp")

    def make(self):
        return self.packager
