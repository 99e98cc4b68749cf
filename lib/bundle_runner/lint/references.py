"""Rules on `{{...}}`: does what they name exist, and is it known in time."""

from __future__ import annotations

from collections.abc import Iterator

from bundle_runner.bundle.located import Seq, Where
from bundle_runner.bundle.references import NAMESPACES, REFERENCE, SHAPE, paths
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error
from bundle_runner.lint.graph import parents, upstream
from bundle_runner.lint.places import a_map, a_text, members, texts_of, words
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView

NO_SUCH_FACT = error(
    "B204",
    "`{{...}}` names a fact that Lakeflow does not have",
    "validate and deploy are silent; the run fails, or the notebook receives the braces as text.",
    "{{job.start_time.iso_dat}}",
    "{{job.start_time.iso_date}}",
)
NO_TASK = error(
    "B205",
    "`{{tasks...}}` names a task that does not exist",
    "The workspace refuses the job, or the run fails.",
    "{{tasks.plna.values.work}}",
    "{{tasks.plan.values.work}}",
)
NOT_BEFORE = error(
    "B206",
    "A value of a task that need not have ended",
    "Only tasks upstream have values; the run fails when it reaches the task.",
    "{{tasks.gold.values.rows}} in a task that does not depend on gold",
    "depends_on: [{task_key: gold}]",
)
NO_PARAMETER = error(
    "B207",
    "`{{job.parameters...}}` names a parameter that the job does not have",
    "The run fails when it reaches the task.",
    "{{job.parameters.dya}}",
    "{{job.parameters.day}}",
)
NO_LOOP = error(
    "B208",
    "`{{input}}` outside of for_each_task",
    "Only the task inside a loop has an input.",
    'base_parameters: {source: "{{input}}"}',
    "the same inside for_each_task.task",
)

PATTERNS = {namespace: tuple(SHAPE[namespace]) for namespace in ("job", "task", "workspace", "backfill")}
FORMATS, ENDED = PATTERNS["backfill"], tuple(SHAPE["tasks"]["*"])


def check_braces(bundle: ReadBundle) -> Iterator[Finding]:
    """Check every `{{...}}` of every task, as each target sees it."""
    for view in bundle.views:
        for job in view.jobs:
            tasks = {task.key: task for task in job.tasks}
            for task in job.bodies:
                for text, where in spoken(task):
                    for said in REFERENCE.findall(text):
                        yield from _brace(said, where, task, tasks, job)


def spoken(task: TaskView) -> Iterator[tuple[str, Where]]:
    """Yield the texts of a task in which `{{...}}` is resolved; a loop's inner task has its own."""
    for name, value, _ in members(task.body):
        if name.endswith("_task"):
            for inner, part, place in members(value):
                if not (name == "for_each_task" and inner == "task"):
                    yield from words(part, place)


def _brace(said: str, where: Where, task: TaskView, tasks: dict[str, TaskView], job: JobView) -> Iterator[Finding]:
    subject = f"task {task.key}: {{{{{said}}}}}"
    found = paths("{{" + said + "}}")
    if not found:
        root = said.partition(".")[0]
        hint = did_you_mean(root, NAMESPACES)
        if "." in said and hint.startswith("; did"):
            yield NO_SUCH_FACT.at(where, f"{subject} is no reference and stays as it stands: {root} is unknown{hint}")
        return
    root, *rest = found[0]
    if root == "input":
        if task.outer is None and "for_each_task" not in task.body:
            yield NO_LOOP.at(where, f"{subject} has a meaning inside for_each_task only")
    elif root == "tasks":
        yield from _of_task(subject, rest, where, task, tasks)
    else:
        yield from _of_run(subject, root, rest, where, job)


def _of_run(subject: str, root: str, rest: list[str], where: Where, job: JobView) -> Iterator[Finding]:
    known = PATTERNS[root]
    if not rest or rest[0] not in known:
        hint = did_you_mean(rest[0] if rest else "", known)
        yield NO_SUCH_FACT.at(where, f"{subject} has no value: {root} has no such fact{hint}")
    elif rest[0] == "start_time" and (len(rest) != 2 or rest[1] not in FORMATS):
        hint = did_you_mean(rest[-1], FORMATS)
        yield NO_SUCH_FACT.at(where, f"{subject} has no value: start_time needs one of its forms{hint}")
    elif rest[0] == "parameters":
        declared = texts_of(job.body.get("parameters"), "name")
        name = ".".join(rest[1:])
        if name not in declared and isinstance(job.body.get("parameters", []), list):
            yield NO_PARAMETER.at(
                where, f"{subject}: job {job.key} has no such parameter{did_you_mean(name, declared)}"
            )


def _of_task(
    subject: str, rest: list[str], where: Where, task: TaskView, tasks: dict[str, TaskView]
) -> Iterator[Finding]:
    other = rest[0] if rest else ""
    key = a_text(a_map(task.outer).get("task_key")) if task.outer is not None else task.key
    if other not in tasks:
        named = {name for known in tasks.values() for name in parents(known)}
        if other not in named:  # else depends_on is what is wrong, and that is told already
            yield NO_TASK.at(where, f"{subject} names a task that does not exist{did_you_mean(other, tasks)}")
    elif key in tasks and other not in (before := upstream(key, tasks)) and _sound({key, *before}, tasks):
        yield NOT_BEFORE.at(where, f"{subject}: {other} need not have ended by then; add it to depends_on")
    if len(rest) < 2 or rest[1] not in ENDED or (rest[1] == "values" and len(rest) < 3):
        hint = did_you_mean(rest[1] if len(rest) > 1 else "", ENDED)
        yield NO_SUCH_FACT.at(where, f"{subject} has no value: a task has no such fact{hint}")


def _sound(keys: set[str], tasks: dict[str, TaskView]) -> bool:
    """Tell whether what these tasks depend on is written right: else that is the one thing to say."""
    for key in keys:
        written = tasks[key].body.get("depends_on") or Seq()
        if (
            not isinstance(written, Seq)
            or len(parents(tasks[key])) < len(written)
            or not parents(tasks[key]) <= set(tasks)
        ):
            return False
    return True
