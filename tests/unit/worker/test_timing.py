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


def shape(**more):
    return Workload(**{"decode_tokens": 10, "requests": 2, "warmup": 1, "min_latencies": 0, **more})


def test_warm_up_requests_are_not_kept():
    session = CountingSession()
    result = bench(lambda: session, [1, 2, 3], shape(), lambda _: None)
    assert session.asked == [8, 10, 10]
    assert [len(r.token_times_ms) for r in result.requests] == [10, 10]
    assert session.closed


def test_a_slow_model_is_cut_short_after_its_first_request_has_begun():
    result = bench(CountingSession, [1], shape(decode_tokens=64, requests=3, limit_s=0.0), lambda _: None)
    assert [len(r.token_ids) for r in result.requests] == [2]


def test_a_cut_block_still_holds_the_latencies_that_a_p95_needs():
    wanted = shape(decode_tokens=64, requests=3, limit_s=0.0, min_latencies=72)
    result = bench(CountingSession, [1], wanted, lambda _: None)
    assert sum(len(r.token_ids) - 1 for r in result.requests) == 72


def test_short_requests_are_repeated_until_a_p95_can_be_taken():
    result = bench(
        CountingSession, [1], shape(decode_tokens=13, requests=1, min_latencies=72), lambda _: None
    )
    assert len(result.requests) == 6


def test_times_count_from_the_requests_start_and_never_go_back():
    result = bench(CountingSession, [1], shape(requests=1, warmup=0), lambda _: None)
    times = result.requests[0].token_times_ms
    assert times[0] > 0
    assert list(times) == sorted(times)


def test_peak_memory_is_more_than_an_interpreter_and_says_how_it_was_read():
    peak, method = peak_memory()
    assert peak > 5_000_000
    assert "process" in method
