"""Counters on made-up machines: none of these tests waits, and none reads this machine's own."""
# ruff: noqa: N802, N815  # the driver's own names

import ctypes
from pathlib import Path

import pytest

from edgewright.core.measurement.energy import EnergySource
from edgewright.worker.energy import EnergyWatch
from edgewright.worker.energy_counters import ACCELERATOR, PROCESSOR, Counter, Found, rapl
from edgewright.worker.energy_elsewhere import apple, joules_of, nvidia

SERVER = {
    "intel-rapl:0": "package-0",
    "intel-rapl:0:0": "core",
    "intel-rapl:0:1": "dram",
    "intel-rapl:1": "package-1",
    "intel-rapl:1:0": "dram",
    "intel-rapl:2": "psys",
}
AMD = {"intel-rapl:0": "package-0", "intel-rapl:0:0": "core"}


def machine(root: Path, zones: dict[str, str], *, joules: float = 0.0, wraps_at: float = 262_143.0) -> Path:
    for zone, name in zones.items():
        folder = root / zone
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text(f"{int(wraps_at * 1e6)}\n")
        used(root, zone, joules)
    (root / "intel-rapl-mmio:0").mkdir(parents=True, exist_ok=True)  # the same package by another way
    return root


def used(root: Path, zone: str, joules: float) -> None:
    (root / zone / "energy_uj").write_text(f"{int(joules * 1e6)}\n")


class Machine:
    """A clock that only sleeping and working move, and counters that draw power meanwhile."""

    def __init__(self, *watts: float):
        self.now = 100.0
        self.watts = list(watts)
        self.joules = [0.0 for _ in watts]
        self.slept: list[float] = []

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        self.joules = [j + w * seconds for j, w in zip(self.joules, self.watts, strict=True)]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_(seconds)

    def counter(self, index: int, **changes) -> Counter:
        return Counter(**{"scope": f"counter {index}", "read": lambda: self.joules[index], **changes})

    def watch(self, *counters: Counter, lack: str = "") -> EnergyWatch:
        return EnergyWatch(Found(counters=counters, lack=lack), clock=lambda: self.now, sleep=self.sleep)


def scopes(found: Found) -> list[str]:
    return [counter.scope for counter in found.counters]


# --- RAPL ---


def test_packages_and_their_memory_count_and_the_platform_that_holds_them_does_not(tmp_path):
    found = rapl(machine(tmp_path, SERVER))
    assert scopes(found) == [
        "RAPL package-0",
        "RAPL package-1",
        "RAPL dram of zone 0",
        "RAPL dram of zone 1",
    ]
    assert not found.lack


def test_amd_has_a_package_whose_cores_are_a_part_of_it(tmp_path):
    assert scopes(rapl(machine(tmp_path, AMD))) == ["RAPL package-0"]


def test_the_platform_stands_in_where_there_is_no_package(tmp_path):
    assert scopes(rapl(machine(tmp_path, {"intel-rapl:0": "psys"}))) == ["RAPL psys"]


def test_microjoules_become_joules(tmp_path):
    (counter,) = rapl(machine(tmp_path, AMD, joules=12.5)).counters
    assert counter.read() == pytest.approx(12.5)
    assert counter.wraps_at == pytest.approx(262_143.0)


def test_no_counter_is_said_to_be_what_virtual_machines_have(tmp_path):
    assert "virtual machines have none" in rapl(tmp_path).lack
    assert "virtual machines have none" in rapl(tmp_path / "gone").lack


def test_denied_permission_is_said(tmp_path, monkeypatch):
    machine(tmp_path, AMD)
    read_text = Path.read_text

    def refuse(self, *args, **kwargs):
        if self.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read_text(self, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", refuse)  # root may read any file, and tests may be root
    found = rapl(tmp_path)
    assert not found.counters
    assert "no permission to read the RAPL counters" in found.lack


def test_counters_that_a_container_hides_are_said_to_be(tmp_path):
    machine(tmp_path, AMD)
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    found = rapl(tmp_path)
    assert not found.counters
    assert "containers hide them" in found.lack


def test_half_a_machine_is_no_figure(tmp_path):
    machine(tmp_path, SERVER)
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("no number\n")
    assert not rapl(tmp_path).counters


def test_memory_that_cannot_be_read_is_left_out_of_the_scope(tmp_path):
    machine(tmp_path, SERVER)
    (tmp_path / "intel-rapl:1:0" / "energy_uj").unlink()
    assert "RAPL dram of zone 1" not in scopes(rapl(tmp_path))
    assert len(rapl(tmp_path).counters) == 3


def test_a_counter_that_wraps_around_goes_on(tmp_path):
    root = machine(tmp_path, AMD, joules=990.0, wraps_at=1000.0)
    host = Machine()
    watch = EnergyWatch(rapl(root), clock=lambda: host.now, sleep=host.sleep)
    watch.begin()
    used(root, "intel-rapl:0", 40.0)
    host.pass_(30.0)
    watch.end()
    energy = watch.energy("cpu")
    assert energy.joules == pytest.approx(50.0)
    assert energy.seconds == pytest.approx(30.0)


def test_two_packages_and_their_memory_add_up(tmp_path):
    root = machine(tmp_path, SERVER)
    host = Machine()
    watch = EnergyWatch(rapl(root), clock=lambda: host.now, sleep=host.sleep)
    watch.begin()
    for zone, joules in zip(SERVER, (100.0, 70.0, 10.0, 50.0, 5.0, 900.0), strict=True):
        used(root, zone, joules)
    watch.end()
    assert watch.energy("CPU").joules == pytest.approx(100 + 50 + 10 + 5)


# --- the watch ---


def test_idle_power_is_read_before_and_after_and_not_counted_as_work():
    host = Machine(10.0)
    watch = host.watch(host.counter(0))
    host.pass_(20.0)  # the load
    host.watts = [50.0]
    watch.begin()
    host.pass_(30.0)
    watch.end()
    host.watts = [14.0]
    energy = watch.energy("cpu")
    assert energy.source is EnergySource.COUNTER
    assert energy.scope == "counter 0"
    assert energy.joules == pytest.approx(1500.0)
    assert (energy.idle_before_w, energy.idle_after_w) == pytest.approx((10.0, 14.0))
    assert energy.idle_j == pytest.approx(12.0 * 30.0)
    assert len(host.slept) == 2


def test_a_counter_of_one_process_has_no_idle_power_and_nobody_waits():
    host = Machine(5.0)
    watch = host.watch(host.counter(0, idles=False))
    watch.begin()
    host.pass_(30.0)
    watch.end()
    energy = watch.energy("cpu")
    assert energy.joules == pytest.approx(150.0)
    assert energy.idle_before_w is energy.idle_after_w is None
    assert not host.slept


def test_without_a_counter_the_reason_is_told_and_nobody_waits():
    host = Machine()
    watch = host.watch(lack="no RAPL counter; no NVIDIA driver")
    watch.begin()
    watch.end()
    energy = watch.energy("cpu")
    assert energy.source is EnergySource.NONE
    assert energy.joules is None
    assert energy.reason == "no RAPL counter; no NVIDIA driver"
    assert not host.slept


def both(host: Machine) -> tuple[Counter, Counter]:
    return host.counter(0), host.counter(1, covers=frozenset({ACCELERATOR}))


@pytest.mark.parametrize(("device", "joules"), [("cpu", 300.0), ("NVIDIA H200", 300.0 + 3000.0)])
def test_a_gpu_counts_for_what_ran_on_it_only(device, joules):
    host = Machine(10.0, 100.0)
    watch = host.watch(*both(host))
    watch.begin()
    host.pass_(30.0)
    watch.end()
    assert watch.energy(device).joules == pytest.approx(joules)


def test_a_gpu_beside_an_uncounted_processor_says_nothing_of_the_processor():
    host = Machine(10.0, 100.0)
    watch = host.watch(both(host)[1], lack="no RAPL counter")
    watch.begin()
    host.pass_(30.0)
    watch.end()
    assert watch.energy("cpu").reason == "no RAPL counter"


def test_a_processor_counter_says_nothing_of_a_gpu():
    host = Machine(10.0)
    watch = host.watch(host.counter(0), lack="no NVIDIA driver")
    watch.begin()
    host.pass_(30.0)
    watch.end()
    energy = watch.energy("Device(gpu, 0)")
    assert energy.joules is None
    assert "no energy counter for Device(gpu, 0)" in energy.reason


def test_a_counter_that_fails_on_the_way_leaves_a_reason_and_no_figure():
    host = Machine(10.0)
    broken = []

    def read():
        if broken:
            raise OSError("gone")
        return host.joules[0]

    watch = host.watch(host.counter(0, read=read))
    watch.begin()
    host.pass_(30.0)
    broken.append(True)
    watch.end()
    energy = watch.energy("cpu")
    assert energy.source is EnergySource.NONE
    assert energy.reason == "counter 0 could not be read"


def test_a_counter_that_stands_still_is_no_zero():
    host = Machine(0.0)
    watch = host.watch(host.counter(0))
    watch.begin()
    host.pass_(30.0)
    watch.end()
    assert watch.energy("cpu").reason == "counter 0 did not change"


def test_what_a_counter_holds_is_freed_at_the_end():
    host = Machine(1.0)
    freed = []
    watch = host.watch(host.counter(0, end=lambda: freed.append(True)))
    watch.begin()
    watch.end()
    assert not freed
    watch.energy("cpu")
    assert freed == [True]


# --- NVIDIA's driver ---


class Nvml:
    """The driver's library, as far as it is asked; each GPU has its millijoules, or a status that refuses."""

    def __init__(self, *gpus: int, refuses: int = 0, init: int = 0):
        self.gpus, self.refuses, self.init = list(gpus), refuses, init

    def nvmlInit_v2(self):
        return self.init

    def nvmlDeviceGetCount_v2(self, count):
        count._obj.value = len(self.gpus)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, handle):
        handle._obj.value = index + 1
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, handle, total):
        total._obj.value = self.gpus[handle.value - 1]
        return self.refuses


def test_each_gpus_millijoules_become_joules():
    found = nvidia(lambda: Nvml(1500, 2_500_000))
    assert scopes(found) == ["GPU 0 (NVML)", "GPU 1 (NVML)"]
    assert [counter.read() for counter in found.counters] == pytest.approx([1.5, 2500.0])
    assert all(counter.covers == {ACCELERATOR} for counter in found.counters)


def test_an_old_driver_without_the_symbol_is_no_crash():
    class Old(Nvml):
        nvmlDeviceGetTotalEnergyConsumption = property()  # asking for it raises AttributeError

    assert nvidia(lambda: Old(1)).lack == "NVIDIA's driver is too old to count energy"
    assert nvidia(object).lack == "NVIDIA's driver is too old to count energy"


def test_the_c_library_lacks_a_symbol_in_the_way_that_is_expected():
    with pytest.raises(AttributeError):
        _ = ctypes.CDLL(None).nvmlDeviceGetTotalEnergyConsumption


def test_no_driver_no_answer_and_no_counter_are_told_apart():
    def missing():
        raise OSError("libnvidia-ml.so.1: cannot open shared object file")

    assert nvidia(missing).lack == "no NVIDIA driver"
    assert nvidia(lambda: Nvml(1, init=9)).lack == "NVIDIA's driver does not answer"
    assert nvidia(lambda: Nvml(1, refuses=3)).lack == "no NVIDIA GPU that counts its energy"


def test_a_gpu_that_refuses_later_raises_what_the_watch_understands():
    driver = Nvml(1000)
    (counter,) = nvidia(lambda: driver).counters
    driver.refuses = 15
    with pytest.raises(OSError, match="15"):
        counter.read()


# --- macOS ---

SAMPLES = """Machine model: Mac14,2
*** Sampled system activity (Sat Nov 22 10:00:00 2025 +0100) (1000.00ms elapsed) ***

**** Processor usage ****
CPU Power: 4000 mW
GPU Power: 500 mW
ANE Power: 0 mW
Combined Power (CPU + GPU + ANE): 4500 mW

**** GPU usage ****
GPU Power: 500 mW

*** Sampled system activity (Sat Nov 22 10:00:01 2025 +0100) (2000.00ms elapsed) ***
CPU Power: 1000 mW
GPU Power: 250 mW
"""


def test_powermetrics_samples_become_joules_and_the_gpu_counts_once():
    assert joules_of(SAMPLES) == pytest.approx(4.5 * 1.0 + 1.25 * 2.0)
    assert joules_of("Machine model: Mac14,2\n") == 0.0


def sampler() -> Counter:
    return Counter(scope="all", read=lambda: 1.0, covers=frozenset({PROCESSOR, ACCELERATOR}))


def test_root_counts_the_machine_and_others_their_own_process():
    assert scopes(apple(root=True, sampler=sampler)) == ["all"]
    mine = apple(root=False, billed=lambda: 3.0, sampler=sampler)
    assert scopes(mine) == ["processor energy of this process, as macOS reports it"]
    assert not mine.counters[0].idles
    assert "needs root" in mine.lack


def test_a_mac_without_powermetrics_or_billing_is_no_crash():
    def gone() -> Counter:
        raise FileNotFoundError("powermetrics")

    assert len(apple(root=True, billed=lambda: 3.0, sampler=gone).counters) == 1
    nothing = apple(root=False, billed=lambda: 0.0, sampler=gone)
    assert not nothing.counters
    assert "reports no energy for this process" in nothing.lack
