from dataclasses import replace

from edgewright.core.measurement.quantity import Label, Value
from edgewright.report.chart import HEIGHT, WIDTH, chart
from tests.world import World


def value(number, unit, spread=0.0):
    bounds = {"ci_low": number * (1 - spread), "ci_high": number * (1 + spread)}
    return Value(value=number, unit=unit, label=Label.MEASURED, method="m", n=7, **bounds)


def drawn(run, figures, spread=0.0):
    """A run with one build for each pair of speed and loss, named after its place."""
    pattern = next(trial for trial in run.trials if trial.values)
    trials = tuple(
        replace(
            pattern,
            recipe=replace(pattern.recipe, name=f"build{number}"),
            values={
                "decode_tok_s": value(speed, "token/s", spread),
                "kl_divergence": value(loss, "nat/token", spread),
            },
        )
        for number, (speed, loss) in enumerate(figures)
    )
    return chart(replace(run, trials=trials, choice=None))


def box(dot):
    width = 6.3 * len(dot.id)
    left = dot.x - 11 - width if dot.to_left else dot.x + 11
    return left, dot.label_y, left + width


def test_right_is_faster_and_up_is_nearer_to_the_original(tmp_path):
    picture = drawn(
        World(tmp_path).run(), [(20.0, 0.3), (40.0, 0.02), (80.0, 0.001), (10.0, 1e-8)], spread=0.1
    )
    dots = sorted(picture.dots, key=lambda dot: dot.x)
    assert [dot.id.rpartition("/")[2] for dot in dots] == ["build3", "build0", "build1", "build2"]
    assert dots[0].y == picture.losses[0].at, "what differs by rounding lies on the uppermost line"
    assert dots[1].y > dots[2].y > dots[3].y > dots[0].y
    assert all(0 < dot.left < dot.x < dot.right < WIDTH for dot in dots)
    assert all(dot.top < dot.y < dot.bottom < HEIGHT for dot in dots[1:])


def test_a_build_that_another_surely_beats_is_behind(tmp_path):
    picture = drawn(World(tmp_path).run(), [(20.0, 0.3), (40.0, 0.02), (39.9, 0.0201)], spread=0.01)
    ahead = {dot.id.rpartition("/")[2]: dot.ahead for dot in picture.dots}
    assert ahead == {"build0": False, "build1": True, "build2": True}, (
        "the last is within the interval of the second"
    )


def test_labels_do_not_lie_on_each_other(tmp_path):
    crowd = [(75.7, 0.35), (64.2, 0.40), (77.9, 0.287), (71.6, 0.298), (79.2, 0.0079), (8.0, 0.5)]
    boxes = [box(dot) for dot in drawn(World(tmp_path).run(), crowd).dots]
    for number, (left, y, right) in enumerate(boxes):
        for other_left, other_y, other_right in boxes[:number]:
            assert right <= other_left or other_right <= left or abs(y - other_y) >= 13


def test_one_build_is_no_picture(tmp_path):
    assert drawn(World(tmp_path).run(), [(20.0, 0.3)]) is None


def test_the_run_of_the_page_draws_its_measured_builds(tmp_path):
    run = World(tmp_path).run()
    picture = chart(run)
    assert {dot.id for dot in picture.dots} == {t.id for t in run.trials if "decode_tok_s" in t.values}
    assert [dot.id for dot in picture.dots if dot.best] == [run.best.id]
