import pytest

from edgewright.runtime.probe.cpu import vendor_of

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
