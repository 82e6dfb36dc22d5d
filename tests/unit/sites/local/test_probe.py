import pytest

from edgewright.sites.local.probe.accelerators import by_device_class
from edgewright.sites.local.probe.cpu import vendor_of

INTEL_MAC = {"machdep.cpu.brand_string": "Intel(R) Core(TM) i7-9750H", "machdep.cpu.vendor": "GenuineIntel"}
APPLE = {"machdep.cpu.brand_string": "Apple M3"}
ROSETTA = {"machdep.cpu.brand_string": "VirtualApple @ 2.50GHz", "machdep.cpu.vendor": "GenuineIntel"}


@pytest.mark.parametrize(
    ("system", "sysctl", "identifier", "vendor"),
    [
        ("Darwin", INTEL_MAC, "i386", "GenuineIntel"),
        ("Darwin", APPLE, "arm", "Apple"),
        ("Darwin", ROSETTA, "i386", "Apple"),
        ("Windows", {}, "Intel64 Family 6 Model 158 Stepping 10, GenuineIntel", "GenuineIntel"),
        ("Windows", {}, "AMD64 Family 25 Model 80 Stepping 0, AuthenticAMD", "AuthenticAMD"),
        ("Windows", {}, "", "unknown"),
        ("Linux", {}, "", "unknown"),
    ],
)
def test_the_vendor_is_the_processors_own(system, sysctl, identifier, vendor):
    assert vendor_of(system, lambda name: sysctl.get(name, ""), identifier) == vendor


def test_the_kernels_device_classes_name_the_makers_that_are_known(tmp_path):
    for place, maker in (("drm/card0", "0x1002"), ("drm/card1", "0x1234"), ("accel/accel0", "0x8086")):
        device = tmp_path / place / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{maker}\n", encoding="ascii")
    found = [(one.kind, one.vendor, one.name) for one in by_device_class(tmp_path)]
    assert found == [("GPU", "AMD", "AMD GPU (card0)"), ("NPU", "Intel", "Intel NPU (accel0)")]
