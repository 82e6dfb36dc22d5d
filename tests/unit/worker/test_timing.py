from edgewright.core.measurement import Placement, Workload
from edgewright.worker.timing import bench, peak_memory


class CountingSession:
    placement = Placement(device="cpu", weights="f32", activations="f32", kv_cache="f32", threads=1)

    def __init__(self):
        self.asked = []
        self.closed = False

    def generate(self, ids, tokens):
        self.asked.append(tokens)
        yield from range(tokens)

    def close(self):
        self.closed = True


def test_warm_up_requests_are_not_kept():
    session = CountingSession()
    result = bench(
        lambda: session, [1, 2, 3], Workload(decode_tokens=10, requests=2, warmup=1), lambda _: None
    )
    assert len(session.asked) == 3
    assert [len(r.token_times_ms) for r in result.requests] == [10, 10]
    assert session.closed


def test_a_slow_model_is_cut_short_but_not_below_eight_tokens():
    result = bench(
        CountingSession, [1], Workload(decode_tokens=64, requests=3, warmup=0, limit_s=0.0), lambda _: None
    )
    assert [len(r.token_ids) for r in result.requests] == [8]


def test_times_count_from_the_requests_start_and_never_go_back():
    result = bench(CountingSession, [1], Workload(decode_tokens=10, requests=1, warmup=0), lambda _: None)
    times = result.requests[0].token_times_ms
    assert times[0] > 0
    assert list(times) == sorted(times)


def test_peak_memory_is_more_than_an_interpreter_and_says_how_it_was_read():
    peak, method = peak_memory()
    assert peak > 5_000_000
    assert "process" in method
