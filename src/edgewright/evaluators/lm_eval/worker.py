"""The harness's child half: runs tasks of lm-evaluation-harness and asks the parent for all that needs a model."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewright.core.jobs.conversation import (
    DecodeRequest,
    EncodeRequest,
    GenerateRequest,
    IdsReply,
    LikelihoodRequest,
    LikelihoodResult,
    TextReply,
)
from edgewright.core.jobs.harness import HarnessJob, HarnessResult, HarnessScore
from edgewright.core.jobs.results import Progress, SmokeResult
from edgewright.core.measurement.multiple_choice import TaskItem, TaskSet
from edgewright.errors import InputError, OfflineError, UnsupportedError
from edgewright.evaluators.lm_eval.own_task import write_task
from edgewright.ports import Ask, Tell


class AskedModel:
    """See `answering.Model` and `answering.Tokenizer`: every answer is the parent's."""

    def __init__(self, ask: Ask, stop_ids: tuple[int, ...]) -> None:
        self._ask = ask
        self._stop = stop_ids

    def loglikelihoods(
        self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
    ) -> list[tuple[float, bool]]:
        """See `answering.Model`."""
        asked = LikelihoodRequest(pairs=tuple((tuple(a), tuple(b)) for a, b in pairs))
        reply = self._ask(asked)
        if not isinstance(reply, LikelihoodResult):
            raise _out_of_turn(reply)
        return [(answer.total, answer.greedy) for answer in reply.likelihoods]

    def generate_ids(self, ids: Sequence[int], max_tokens: int) -> list[int]:
        """See `answering.Model`."""
        return self._ids(GenerateRequest(ids=tuple(ids), tokens=max_tokens, stop=self._stop))

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """See `answering.Tokenizer`."""
        return self._ids(EncodeRequest(text=text, special=special))

    def decode(self, ids: list[int]) -> str:
        """See `answering.Tokenizer`."""
        reply = self._ask(DecodeRequest(ids=tuple(ids)))
        if not isinstance(reply, TextReply):
            raise _out_of_turn(reply)
        return reply.text

    def _ids(self, asked: GenerateRequest | EncodeRequest) -> list[int]:
        reply = self._ask(asked)
        if not isinstance(reply, IdsReply):
            raise _out_of_turn(reply)
        return list(reply.ids)


def _out_of_turn(reply: object) -> RuntimeError:
    return RuntimeError(f"the parent answered with {type(reply).__name__}")


class LmEvalWorker:
    """See `edgewright.ports.HarnessWorker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """A task of two items is written, read back and evaluated with a model that likes short answers."""
        os.environ["HF_DATASETS_CACHE"] = str(scratch / "cache")  # read when datasets is imported
        import datasets
        import lm_eval

        items = tuple(
            TaskItem(id=str(i), question=f"What is {i} + 1?", choices=(str(i + 1), "none of them"), answer=0)
            for i in (1, 2)
        )
        write_task(scratch, TaskSet(name="smoke", sha256="", items=items), "edgewright_smoke")
        job = HarnessJob(
            worker="",
            tasks=("edgewright_smoke",),
            include_path=str(scratch),
            limit=None,
            prefix_id=0,
            stop_ids=(),
            max_length=512,
        )
        scores = self.evaluate(job, _shortest, lambda _: None).scores
        if [(score.metric, score.value) for score in scores] != [("acc", 1.0), ("acc_norm", 1.0)]:
            raise ArithmeticError(f"two items that were answered correctly gave {scores}")
        versions = {"lm_eval": str(lm_eval.__version__), "datasets": str(datasets.__version__)}
        return SmokeResult(versions=versions, devices=())

    def evaluate(self, job: HarnessJob, ask: Ask, tell: Tell) -> HarnessResult:
        """See `HarnessWorker.evaluate`."""
        tell(Progress(message="lm-evaluation-harness: reading tasks"))
        import lm_eval
        from lm_eval import simple_evaluate

        from edgewright.evaluators.lm_eval.adapter import EdgewrightLM

        manager = _manager(job)
        tasks = _loaded(manager, job.tasks)
        asked = AskedModel(ask, job.stop_ids)
        model = EdgewrightLM(asked, asked, prefix_id=job.prefix_id, max_length=job.max_length)
        found = simple_evaluate(
            model=model,
            tasks=tasks,
            task_manager=manager,
            limit=job.limit,
            batch_size=1,
            log_samples=True,
        )
        return HarnessResult(
            scores=tuple(_scores(found)),
            samples={name: tuple(_plain(row) for row in rows) for name, rows in found["samples"].items()},
            versions={"lm_eval": str(lm_eval.__version__)},
        )


def _shortest(question: object) -> IdsReply | LikelihoodResult:
    """The smoke job's parent: bytes are tokens, and each token costs one nat."""
    from edgewright.core.measurement.likelihood import Likelihood

    if isinstance(question, EncodeRequest):
        return IdsReply(ids=tuple(question.text.encode()))
    if isinstance(question, LikelihoodRequest):
        totals = (-float(len(continuation) ** 2) for _, continuation in question.pairs)
        return LikelihoodResult(likelihoods=tuple(Likelihood(total=t, greedy=False) for t in totals))
    raise AssertionError("a task of multiple choice asks for nothing else")


def _manager(job: HarnessJob) -> Any:
    """Tasks below the given path; the harness's own too (they are thousands of files) where those do not suffice."""
    from lm_eval.tasks import TaskManager

    if job.include_path:
        local = TaskManager(include_path=job.include_path, include_defaults=False)
        if set(job.tasks) <= set(local.all_tasks):
            return local
    manager = TaskManager(include_path=job.include_path or None)
    for name in job.tasks:
        if name not in manager.all_tasks:
            near = difflib.get_close_matches(name, manager.all_tasks, n=3)
            where = f", and there is none in {job.include_path}" if job.include_path else ""
            hint = (
                f"Similar names: {', '.join(near)}."
                if near
                else "Give the directory of its YAML with --include-path."
            )
            raise InputError(f"lm-evaluation-harness has no task {name!r}{where}.", hint=hint)
    return manager


def _loaded(manager: Any, names: Sequence[str]) -> list[Any]:
    """Tasks with their data. Whatever fails here is the data or the task's file, said in one sentence."""
    import datasets

    try:
        return [task for name in names for task in manager.load([name])["tasks"].values()]
    except (ConnectionError, datasets.exceptions.DatasetNotFoundError) as error:
        raise OfflineError(
            f"The data of {', '.join(names)} must be downloaded from the hub, which is not reachable or "
            f"not allowed ({_first_line(error)}).",
            hint="Connect, or give a task whose data are local files (dataset_path: json).",
        ) from error
    except UnsupportedError:
        raise
    except Exception as error:
        raise InputError(f"{', '.join(names)} cannot be loaded: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]


def _scores(found: Mapping[str, Any]) -> Iterator[HarnessScore]:
    """The harness writes ``metric,filter`` and beside it ``metric_stderr,filter``."""
    for task, row in {**found["results"], **found.get("groups", {})}.items():
        items = found["n-samples"].get(task, {}).get("effective", row.get("sample_len") or 0)
        for key, value in row.items():
            metric, comma, chosen = key.partition(",")
            if comma and not metric.endswith("_stderr"):
                yield HarnessScore(
                    task=task,
                    metric=metric,
                    filter=chosen,
                    value=_number(value),
                    stderr=_number(row.get(f"{metric}_stderr,{chosen}")),
                    n=int(items),
                )


def _number(value: object) -> float | None:
    """The harness writes "N/A" where it has no figure."""
    number = float(value) if isinstance(value, int | float) else None
    return None if number is None or number != number else number  # noqa: PLR0124  # NaN


def _plain(row: Mapping[str, Any]) -> Any:
    from lm_eval.utils import handle_non_serializable

    return json.loads(json.dumps(row, default=handle_non_serializable))


WORKER = LmEvalWorker()
