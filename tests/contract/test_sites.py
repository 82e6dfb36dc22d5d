"""The sites that come with edgewright keep the promises of a site."""

import pytest

from edgewright.sites.local.home import Home
from edgewright.sites.local.site import LocalSite
from edgewright.testing.site_conformance import SiteConformance


class TestLocalSite(SiteConformance):
    @pytest.fixture(autouse=True)
    def _a_machine_of_its_own(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))  # the machine's lock lies there

    def make(self, root):
        return LocalSite(home=Home(root=root))
