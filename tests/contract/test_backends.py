import pytest

from edgewright.environment import BACKENDS
from edgewright.testing import BackendConformance, FakeBackend, facts


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


# ONNX Runtime's 4 bits are left out: Q, K and V are one matrix in its builds of 4 bits, and three in its allocations.
SAME_FORMAT = (
    ("onnx", "8:32", "int8"),
    ("llamacpp", "Q4_0", "q4_0"),
    ("llamacpp", "IQ4_NL", "iq4_nl"),
)


@pytest.mark.parametrize(("framework", "kind", "candidate"), SAME_FORMAT)
def test_a_type_packs_what_a_build_of_the_same_format_packs(framework, kind, candidate):
    backend = next(made() for made in BACKENDS if made.name == framework)
    types = {one.name: one for one in backend.mixture(facts()).types}
    storages = {one.recipe.name: one.storage for one in backend.space(facts()).candidates}
    assert types[kind].packed_bits == pytest.approx(storages[candidate].packed_bits)
    assert types[kind].packed_bits > 0
