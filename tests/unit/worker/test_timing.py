import time

import pytest

from edgewright.core.measurement.noise import Sentinel
from edgewright.core.measurement.records import Pace, Placement, Workload
from edgewright.errors import UnsupportedError
from edgewright.worker.host import HostWatch
from edgewright.worker.sentinel import measure
from edgewright.worker.timing import bench, settled

BRISK = Pace(least_s=0.0, least_requests=2, warmup_least=1, warmup_most=2, sentinel=False)


class CountingSession:
    placement = Placement(device="cpu", weights="f32", activations="f32", kv_cache="f32", threads=1)

    def __init__(self):
        self.asked = []
        self.closed = False

    def generate(self, ids, tokens):
        self.asked.append((tuple(ids), tokens))
        yield from range(tokens)

    def score(self, ids):
        yield from ()

    def close(self):
        self.closed = True


class BatchingSession(CountingSession):
    def generate_batch(self, prompts, tokens):
        self.asked.append((tuple(prompts), tokens))
        yield from ((step,) * len(prompts) for step in range(tokens))


def run(session, tmp_path, *, pace=BRISK, **shape):
    workload = Workload(**{"prompt_tokens": 3, "decode_tokens": 10, **shape})
    return bench(lambda: session, tmp_path, [1, 2, 3], workload, pace, lambda _: None)


def test_warm_up_requests_have_the_full_shape_and_are_not_kept(tmp_path):
    session = CountingSession()
    result = run(session, tmp_path)
    assert session.asked == [((1, 2, 3), 10)] * 4
    assert result.warmup == 2
    assert [len(r.token_times_ms) for r in result.requests] == [10, 10]
    assert session.closed


def test_a_block_lasts_as_long_as_its_pace_says(tmp_path):
    result = run(CountingSession(), tmp_path, pace=Pace(least_s=0.05, least_requests=2, sentinel=False))
    assert result.noise.wall_s >= 0.05
    assert len(result.requests) > 2


def test_warm_up_ends_when_two_medians_agree_and_not_before_four_requests():
    assert not settled([1.0, 1.0, 1.0], 0.03)
    assert settled([9.0, 1.0, 1.0, 1.01], 0.03)
    assert not settled([9.0, 5.0, 2.0, 1.0], 0.03)


def test_a_request_slower_than_its_blocks_limit_is_the_only_one(tmp_path):
    pace = Pace(least_s=0.0, least_requests=3, warmup_least=1, warmup_most=1, sentinel=False, cut_s=0.0)
    result = run(CountingSession(), tmp_path, pace=pace, decode_tokens=64)
    assert [len(r.token_ids) for r in result.requests] == [2]
    assert not result.steady


def test_several_prompts_at_once_are_rotations_of_one(tmp_path):
    session = BatchingSession()
    result = run(session, tmp_path, concurrency=3)
    assert session.asked[0] == (((1, 2, 3), (2, 3, 1), (3, 1, 2)), 10)
    assert result.requests[0].concurrency == 3


def test_a_runtime_that_takes_one_prompt_says_so(tmp_path):
    with pytest.raises(UnsupportedError, match="one prompt at a time"):
        run(CountingSession(), tmp_path, concurrency=2)


def test_times_count_from_the_requests_start_and_never_go_back(tmp_path):
    times = run(CountingSession(), tmp_path).requests[0].token_times_ms
    assert times[0] > 0
    assert list(times) == sorted(times)


def test_memory_is_read_at_the_end_of_each_phase_and_its_parts_add_up(tmp_path):
    memory = run(CountingSession(), tmp_path).memory
    assert [p.phase for p in memory.phases] == ["loaded", "warmed up", "decoded"]
    for phase in memory.phases:
        if phase.resident is not None:
            assert 5_000_000 < phase.resident <= phase.peak
            assert phase.held <= phase.peak
    assert memory.method


def test_a_weight_file_that_is_mapped_counts_as_weights(tmp_path):
    import mmap

    from edgewright.worker.memory import MemoryWatch

    file = tmp_path / "weights.bin"
    file.write_bytes(b"w" * 8_000_000)
    watch = MemoryWatch(tmp_path)
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert sum(mapped[::4096]) > 0
        watch.phase("loaded")
    record = watch.record()
    if record.phases[0].weights is not None:
        assert record.phases[0].weights == pytest.approx(8_000_000, abs=8192)
        assert record.load_mode == "memory-mapped"


def test_work_of_ones_own_is_no_foreign_work():
    watch = HostWatch()
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        pass
    noise = watch.noise()
    assert watch.own_cpu_s > 0.05
    assert noise.foreign_cpu is None or noise.foreign_cpu < 1.0


def test_the_sentinel_says_how_fast_the_host_computes_and_reads():
    seen = Sentinel(**measure())
    assert seen.gflop_s > 0.1
    assert seen.read_gb_s > 0.1
