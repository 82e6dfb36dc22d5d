"""The tasks that come with edgewright keep the promises of a task."""

from edgewright.core.measurement.data import ExamRequest
from edgewright.core.measurement.records import Workload
from edgewright.core.measurement.text import Text
from edgewright.core.model.facts import Source, SourceKind
from edgewright.tasks.text_generation.profile import TextGeneration
from edgewright.testing import TaskConformance, facts, fake_context

TEXT = Text(name="text", content=" ".join(f"fox {n} jumps" for n in range(60)), sha256="s")


class TestTextGeneration(TaskConformance):
    def make(self):
        return TextGeneration()

    def exam(self, root="/nowhere"):
        from pathlib import Path

        source = Source(path="", digest="d", name="m", kind=SourceKind.DIRECTORY, origin="m", facts=facts())
        asked = ExamRequest(
            text=TEXT,
            explored=200,
            window=50,
            looks=(100,),
            calibration=100,
            workload=Workload(prompt_tokens=50),
        )
        return self.make().exam(fake_context(Path(root)), source, asked)
