import pytest

from edgewright.core import knowledge
from edgewright.core.measurement.quantity import METRICS
from edgewright.errors import UsageError


def test_the_twelve_targets_are_there():
    assert set(knowledge.targets()) == {
        "this-machine", "intel-cpu", "intel-gpu", "intel-npu", "nvidia-gpu", "apple-silicon", "ios", "android",
        "arm-embedded", "edge-tpu", "cross-platform", "enterprise",
    }  # fmt: skip


def test_every_target_names_frameworks_and_recipes_that_exist():
    names = set(knowledge.table("frameworks"))
    for target in knowledge.targets().values():
        assert set(target.frameworks) <= names
        assert {target.primary, target.fallback} <= names | {"auto"}
        assert {recipe.split("/")[0] for recipe in target.strategy} <= set(target.frameworks)


def test_the_phones_package_limits_are_those_of_the_field():
    assert knowledge.target("ios").limits.package_bytes == 50_000_000
    assert knowledge.target("android").limits.package_bytes == 100_000_000


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("llama_cpp", "llamacpp"), ("microsoft_olive", "onnx"), ("Apple_MLX", "mlx"), ("open-vino", "openvino")],
)
def test_the_spellings_people_use_are_understood(spelling, name):
    assert knowledge.framework_name(spelling) == name


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match="llamacpp"):
        knowledge.framework_name("tensorrt")
    with pytest.raises(UsageError, match="this-machine"):
        knowledge.target("toaster")


def test_every_metric_says_unit_and_direction():
    assert all(metric.unit and metric.title for metric in METRICS.values())


def test_the_parity_text_has_what_breaks_tokenizers():
    text = knowledge.text("parity.txt")
    for sample in ("1,234,567", "   three", "\t", "def ", "é", "🎉", "日本", "\n\n\n"):
        assert sample in text
