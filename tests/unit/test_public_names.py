"""The public names are few, and changing them is a decision."""

import edgewright
from edgewright import errors


def test_the_public_names_are_these():
    assert sorted(edgewright.__all__) == [
        "EdgewrightError",
        "Run",
        "Session",
        "__version__",
        "ab",
        "assess",
        "benchmark",
        "doctor",
        "evaluate",
        "evaluate_lm_eval",
        "evaluate_tasks",
        "load",
        "open_run",
        "optimize",
        "pick",
        "profile",
        "sensitivity",
    ]


def test_every_public_name_can_be_had():
    for name in edgewright.__all__:
        assert getattr(edgewright, name) is not None


def test_exit_codes_are_distinct_and_stable():
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = {kind.__name__: kind.exit_code for kind in classes if issubclass(kind, errors.EdgewrightError)}
    assert codes == {
        "EdgewrightError": 1,
        "UsageError": 2,
        "InputError": 3,
        "UnsupportedError": 4,
        "ToolchainError": 5,
        "OfflineError": 6,
        "ResourceError": 7,
        "WorkerError": 8,
        "IntegrityError": 9,
        "NoBuildPassedError": 10,
        "ProvisionalError": 11,
        "UnprovenError": 12,
        "BudgetError": 13,
    }


def test_an_error_says_its_cause_and_the_next_step():
    error = errors.InputError("There is no model at x.", hint="Give a directory.")
    assert str(error) == "There is no model at x. Give a directory."
