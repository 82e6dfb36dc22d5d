"""What every task's profile must do. Subclass in a test file, and return yours from ``make`` and its exam from ``exam``."""

from __future__ import annotations

from dataclasses import fields

from edgewright.core.measurement.data import EXPLORED, SMOKE, Part, PartKind
from edgewright.core.measurement.quantity import METRICS, Kind, add_metrics
from edgewright.core.measurement.records import Pace, Workload
from edgewright.ports.task import Exam, Subject, TaskProfile

_SUBJECT = Subject(worker="a.worker", artifact="artifact", runtime={"threads": 1})


class TaskConformance:
    """The promises of `edgewright.ports.task.TaskProfile` and `Exam`."""

    def make(self) -> TaskProfile:
        """The profile under test."""
        raise TypeError("return the profile under test from make()")

    def exam(self) -> Exam:
        """Its exam on some source with enough data to hold a segment out."""
        raise TypeError("return an exam from exam()")

    def test_its_metrics_can_be_added_and_its_gates_are_on_known_metrics(self) -> None:
        task = self.make()
        add_metrics(task.metrics)
        add_metrics(task.metrics)  # twice is once
        assert all(gate.metric in METRICS for gate in task.policy.gates)
        assert all(metric in METRICS for metric in task.policy.axes.values())

    def test_speed_and_accuracy_stand_on_metrics_of_their_kind(self) -> None:
        task = self.make()
        add_metrics(task.metrics)
        assert METRICS[task.policy.axes["accuracy"]].kind is Kind.ACCURACY
        assert METRICS[task.policy.axes["speed"]].kind is Kind.SPEED
        assert self.exam().speed == task.policy.axes["speed"]

    def test_held_out_segments_are_there_as_often_as_it_says(self) -> None:
        exam = self.exam()
        assert exam.held_out > 0
        assert exam.has(EXPLORED)
        assert exam.has(SMOKE)
        assert exam.has(Part(kind=PartKind.HELD_OUT, number=exam.held_out - 1))
        assert not exam.has(Part(kind=PartKind.HELD_OUT, number=exam.held_out))

    def test_a_scoring_job_names_its_subject_and_where_outputs_are_kept(self) -> None:
        job = self.exam().scoring(EXPLORED, _SUBJECT).job
        names = {one.name for one in fields(job)}
        assert {"worker", "artifact", "reference", "write_reference"} <= names
        assert (job.worker, job.artifact) == (_SUBJECT.worker, _SUBJECT.artifact)
        assert not job.reference
        assert not job.write_reference

    def test_other_parts_are_other_jobs(self) -> None:
        exam = self.exam()
        parts = (EXPLORED, SMOKE, Part(kind=PartKind.HELD_OUT))
        jobs = [repr(exam.scoring(part, _SUBJECT).job) for part in parts]
        assert len(set(jobs)) == len(parts)

    def test_a_timing_job_runs_the_subject_under_its_options(self) -> None:
        job = self.exam().timing(_SUBJECT, Workload(), Pace())
        assert (job.worker, job.artifact, job.runtime) == (
            _SUBJECT.worker,
            _SUBJECT.artifact,
            _SUBJECT.runtime,
        )
