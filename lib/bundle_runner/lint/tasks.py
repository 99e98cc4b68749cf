"""Rules on single tasks: what kind they are and what they are given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, items, members, opaque, words
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView
from bundle_runner.lint.shapes import shapes

NO_KIND = error(
    "B401",
    "A task has no type",
    "There is nothing to run; the workspace refuses the job.",
    "{task_key: load}",
    "{task_key: load, notebook_task: {…}}",
)
TWO_KINDS = error(
    "B402",
    "A task has two types",
    "The workspace refuses the job.",
    "{notebook_task: {…}, condition_task: {…}}",
    "two tasks",
)
NESTED = error(
    "B403",
    "for_each_task inside for_each_task",
    "Loops do not nest; the workspace refuses the job.",
    "for_each_task: {task: {for_each_task: {…}}}",
    "for_each_task: {task: {run_job_task: {…}}}",
)
RETRIED = error(
    "B404",
    "A condition is retried",
    "A comparison gives the same answer each time; the workspace refuses the job.",
    "{condition_task: {…}, max_retries: 2}",
    "{condition_task: {…}}",
)
SHADOWED = error(
    "B408",
    "A job parameter shadows a base parameter",
    "The job's value reaches the notebook; the task's own is ignored without a word.",
    "parameters: [{name: day, …}] and base_parameters: {day: …}",
    "one of the two, or another name",
)
NO_LIST = error(
    "B409",
    "inputs of for_each_task is no JSON list",
    "The run fails when it reaches the task.",
    "inputs: [a, b] or inputs: a,b",
    'inputs: \'["a", "b"]\'',
)
BAD_KEY = error(
    "B413",
    "A task_key has a sign that is not allowed",
    "Keys are up to 100 letters, digits, - and _; the workspace refuses the job.",
    "task_key: load data",
    "task_key: load_data",
)
NO_NUMBER = error(
    "B416",
    "A comparison of sizes with a text",
    "GREATER_THAN and its like compare numbers; the run fails when it reaches the task.",
    '{op: GREATER_THAN, left: many, right: "0"}',
    '{op: GREATER_THAN, left: "{{tasks.plan.values.work}}", right: "0"}',
)
NO_INPUT = warning(
    "B421",
    "The task inside for_each_task never asks for its input",
    "Every turn of the loop does the same.",
    'for_each_task: {inputs: \'["a", "b"]\', task: {… base_parameters: {source: a}}}',
    'base_parameters: {source: "{{input}}"}',
)

KINDS = tuple(name for name in shapes()["task"].fields if name.endswith("_task"))


def check_tasks(bundle: ReadBundle) -> Iterator[Finding]:
    """Check the tasks of every job, as each target sees it."""
    for view in bundle.views:
        for job in view.jobs:
            for task in job.bodies:
                for rule in (_kind, _condition, _loop, _parameters, _key):
                    yield from rule(task, job)


def _kind(task: TaskView, job: JobView) -> Iterator[Finding]:
    kinds = [kind for kind in KINDS if kind in task.body]
    if not kinds:
        hint = did_you_mean(task.key, [other.key for other in job.tasks if any(kind in other.body for kind in KINDS)])
        meant = hint if hint.startswith("; did") else ""
        yield NO_KIND.at(
            task.where, f"task {task.key} has no type such as notebook_task, so there is nothing to run{meant}"
        )
    elif len(kinds) > 1:
        yield TWO_KINDS.at(task.place(kinds[1]), f"task {task.key} is {' and '.join(kinds)}; make two tasks of it")
    if "for_each_task" in kinds and task.outer is not None:
        yield NESTED.at(task.place("for_each_task"), f"task {task.key}: for_each_task does not nest")


def _condition(task: TaskView, _: JobView) -> Iterator[Finding]:
    condition = task.body.get("condition_task")
    if condition is None:
        return
    if task.body.get("max_retries"):
        yield RETRIED.at(task.place("max_retries"), f"task {task.key}: a condition is not retried; remove max_retries")
    if str(a_map(condition).get("op", "")).startswith(("GREATER", "LESS")):
        for side in ("left", "right"):
            text = a_text(a_map(condition).get(side))
            if text is not None and "{{" not in text and not re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", text):
                yield NO_NUMBER.at(
                    condition.where[side],
                    f"task {task.key}: {condition['op']} compares numbers, and {side} is {text!r}",
                )


def _loop(task: TaskView, _: JobView) -> Iterator[Finding]:
    loop = a_map(task.body.get("for_each_task"))
    inputs = loop.get("inputs")
    if isinstance(inputs, str) and not opaque(inputs) and "{{" not in inputs and not _is_list(inputs):
        yield NO_LIST.at(
            loop.where["inputs"],
            f'task {task.key}: inputs must be a JSON list such as \'["a", "b"]\', got {inputs[:40]!r}',
        )
    body = loop.get("task")
    texts = [text for text, _ in words(body, task.where)]
    if body and not any(re.search(r"\{\{\s*input\b|\$\{var", text) for text in texts):
        yield NO_INPUT.at(
            loop.where["task"], f"task {task.key}: every turn does the same; give its task {{{{input}}}} as a parameter"
        )


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def _parameters(task: TaskView, job: JobView) -> Iterator[Finding]:
    of_job = {a_text(item.get("name")): item.get("default") for item, _ in items(job.body.get("parameters"))}
    for name, value, where in members(a_map(task.body.get("notebook_task")).get("base_parameters")):
        if name in of_job and value not in (of_job[name], f"{{{{job.parameters.{name}}}}}"):
            yield SHADOWED.at(
                where, f"task {task.key}: the job has a parameter {name}, too, so this value never reaches the notebook"
            )


def _key(task: TaskView, _: JobView) -> Iterator[Finding]:
    key = a_text(task.body.get("task_key"))
    if key is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", key):
        yield BAD_KEY.at(
            task.place("task_key"), f"task_key {key[:40]!r}: only up to 100 letters, digits, - and _ are allowed"
        )
