from edgewright.sites.local.store import DirectoryStore
from edgewright.testing import StoreConformance


class TestDirectoryStore(StoreConformance):
    def make(self, root):
        return DirectoryStore(root)
