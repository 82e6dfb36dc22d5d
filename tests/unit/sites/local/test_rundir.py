import json

import pytest

from edgewright.core.measurement.rounds import Invalid, Phase, Round, RoundKey
from edgewright.errors import InputError, ResourceError
from edgewright.reasons import told
from edgewright.sites.local.rundir import JOURNAL, RECORD, RunDirectory, open_run_directory, read_run
from edgewright.testing import FakeClock, block


def journal(path, key="k"):
    return RunDirectory(path, FakeClock(), lambda _: "", key)


FIRST = RoundKey(phase=Phase.EXPLORE, group="a")
SECOND = RoundKey(phase=Phase.TUNE, group="a/int8", number=1)
DISTURBED = Invalid(arm="a/int8", causes=(told("swapped"),))
FINISHED = Round(
    blocks={"torch/original": block(10), "a/int8": block(20)},
    order=("a/int8", "torch/original"),
    invalid=(DISTURBED,),
)


def test_finished_rounds_come_back_with_what_did_not_count(tmp_path):
    journal(tmp_path).add_round(FIRST, FINISHED)
    assert journal(tmp_path).rounds("k") == {FIRST: FINISHED}


def test_rounds_of_another_plan_do_not_count(tmp_path):
    journal(tmp_path, "old").add_round(FIRST, FINISHED)
    assert journal(tmp_path).rounds("k") == {}


def test_a_torn_last_line_is_dropped_and_the_next_line_is_whole(tmp_path):
    journal(tmp_path).add_round(FIRST, FINISHED)
    whole = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(whole + whole[: len(whole) // 2])
    journal(tmp_path).add_round(SECOND, FINISHED)
    assert set(journal(tmp_path).rounds("k")) == {FIRST, SECOND}


def test_a_directory_without_a_run_says_so(tmp_path):
    with pytest.raises(InputError, match="no run at"):
        read_run(tmp_path)


def test_a_record_of_a_later_version_is_refused(tmp_path):
    (tmp_path / RECORD).write_text(json.dumps({"version": 999}))
    with pytest.raises(InputError, match="version 999"):
        read_run(tmp_path)


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / RECORD).write_text('{"version": 1, "key"')
    with pytest.raises(InputError, match="not a valid run record"):
        read_run(tmp_path)


def test_two_runs_never_write_to_one_directory(tmp_path):
    with (
        open_run_directory(tmp_path),
        pytest.raises(ResourceError, match="Another run"),
        open_run_directory(tmp_path),
    ):
        pass
