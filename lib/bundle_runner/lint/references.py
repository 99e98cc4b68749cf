"""Rules on `${...}` and `{{...}}`: does what they name exist, and is it known in time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.graph import parents, upstream
from bundle_runner.lint.places import a_map, a_text, members, texts_of, words
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView
from bundle_runner.lint.shapes import shapes
from bundle_runner.located import Where
from bundle_runner.references import NAMESPACES, REFERENCE, paths

UNKNOWN = error(
    "B201",
    "`${...}` names what does not exist",
    "The CLI refuses the bundle, or hands the text on as it stands.",
    "${var.catlog}",
    "${var.catalog}",
)
UNUSED = warning(
    "B202",
    "A variable is never used",
    "Whoever sets it changes nothing; often the reference is misspelt.",
    "variables: {catalog: {default: main}}",
    "${var.catalog} somewhere, or no such variable",
)
NO_VALUE = warning(
    "B203",
    "A variable has no value in a target",
    "A deployment of this target fails unless --var, BUNDLE_VAR_… or an overrides file gives one.",
    "variables: {catalog: {description: …}}",
    "targets: {dev: {variables: {catalog: main}}}",
)
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
SCRIPT = error(
    "B209",
    "`${NAME}` of the shell in scripts.*.content",
    "The CLI takes it for a reference of its own and refuses the script.",
    "content: echo ${HOME}",
    "content: echo $HOME",
)
NOT_DECLARED = error(
    "B210",
    "A target sets a variable that the bundle does not declare",
    "The CLI refuses the target.",
    "targets: {dev: {variables: {catlog: main}}}",
    "targets: {dev: {variables: {catalog: main}}}",
)

DOLLAR = re.compile(r"\$\{([A-Za-z][\w-]*(?:\.[\w-]+(?:\[\d+\])*)*)\}")
ROOTS = ("var", "variables", "bundle", "workspace", "resources", "artifacts")
BUNDLE = ("name", "target", "environment", "uuid", "git", "mode", "cluster_id", "compute_id", "deployment")
USER = ("userName", "short_name", "domain_friendly_name", "displayName", "id", "name", "emails", "groups", "active")
FORMATS = (
    "iso_date",
    "iso_datetime",
    "iso_weekday",
    "is_weekday",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "timestamp_ms",
)
JOB = ("id", "name", "run_id", "repair_count", "start_time", "parameters", "trigger")
TASK = ("name", "run_id", "execution_count", "notebook_path")
ENDED = ("run_id", "result_state", "error_code", "execution_count", "notebook_path", "values", "output")
PATTERNS = {"job": JOB, "task": TASK, "workspace": ("id", "url"), "backfill": FORMATS}
OLD = frozenset(
    {"job_id", "run_id", "start_date", "start_time", "task_key", "parent_run_id", "task_retry_count", "job_name"}
)


def check_variables(bundle: ReadBundle) -> Iterator[Finding]:
    """Check declarations, values and use of the bundle's variables."""
    declared = a_map(bundle.merged.get("variables"))
    used = {name for file in bundle.files for name in re.findall(r"\$\{(?:var|variables)\.([\w-]+)", file.text)}
    for name, _, where in members(declared):
        if name not in used and not bundle.makes_resources_in_python:
            yield UNUSED.at(where, f"variable {name} is never used; remove it or say ${{var.{name}}}")
    targets = a_map(bundle.merged.get("targets"))
    for view in bundle.views:
        chosen = a_map(a_map(targets.get(view.target)).get("variables"))
        for name, _, where in members(chosen):
            if name not in declared:
                hint = did_you_mean(name, declared)
                yield NOT_DECLARED.at(where, f"target {view.target}: variable {name} is not declared{hint}")
        for name, body, where in members(declared):
            if name not in chosen and not {"default", "lookup"} & set(a_map(body)):
                yield NO_VALUE.at(
                    where, f"variable {name} has no value in target {view.target}; deploying it needs --var {name}=…"
                )


def check_dollars(bundle: ReadBundle) -> Iterator[Finding]:
    """Check every `${...}` where it is written."""
    for file in bundle.files:
        for name, part, where in members(file.tree):
            if name != "scripts":
                for text, place in words(part, where):
                    for found in DOLLAR.findall(text):
                        yield from _dollar(found, place, bundle)
        for name, script, where in members(file.tree.get("scripts")):
            content = a_map(script).get("content")
            for found in re.findall(r"\$\{(\w+)\}", content) if isinstance(content, str) else ():
                yield SCRIPT.at(
                    a_map(script).where.get("content", where),
                    f"script {name}: the CLI takes ${{{found}}} for its own and refuses it; write ${found}",
                )


def _dollar(reference: str, where: Where, bundle: ReadBundle) -> Iterator[Finding]:
    root, *rest = re.findall(r"[\w-]+", re.sub(r"\[\d+\]", "", reference))
    said = None
    if root in ROOTS:
        said = _missing(root, rest, bundle)
    elif rest and (hint := did_you_mean(root, ROOTS)).startswith("; did"):
        said = f"{root} is no root{hint}"
    if said:
        yield UNKNOWN.at(where, f"${{{reference}}} does not exist: {said}")


def _missing(root: str, rest: list[str], bundle: ReadBundle) -> str | None:
    """Return why a reference leads nowhere, None when it leads somewhere or nobody here can know."""
    if not rest:
        return f"{root} needs a name after it"
    known: Any = None
    if root in ("var", "variables"):
        known = a_map(bundle.merged.get("variables"))
    elif root == "bundle":
        known = BUNDLE
    elif root == "workspace":
        known = (*shapes()["workspace"].fields, "current_user")
        if rest[0] == "current_user" and len(rest) > 1:
            rest, known = rest[1:], USER
    elif root == "artifacts":
        known = a_map(bundle.merged.get("artifacts"))
    elif root == "resources" and not bundle.makes_resources_in_python:
        return _no_resource(rest, bundle)
    if known is None or rest[0] in known:
        return None
    return f"{rest[0]} is unknown{did_you_mean(rest[0], known)}"


def _no_resource(rest: list[str], bundle: ReadBundle) -> str | None:
    places = [bundle.merged, *(a_map(body) for _, body, _ in members(bundle.merged.get("targets")))]
    known: dict[str, set[str]] = {}
    for place in places:
        for kind, resources, _ in members(place.get("resources")):
            known.setdefault(kind, set()).update(a_map(resources))
    if rest[0] not in known:
        return f"the bundle has no {rest[0]}{did_you_mean(rest[0], known)}"
    if len(rest) > 1 and rest[1] not in known[rest[0]]:
        return f"{rest[1]} is not among its {rest[0]}{did_you_mean(rest[1], known[rest[0]])}"
    return None


def check_braces(bundle: ReadBundle) -> Iterator[Finding]:
    """Check every `{{...}}` of every task, as each target sees it."""
    for view in bundle.views:
        for job in view.jobs:
            tasks = {task.key: task for task in job.tasks}
            for task in job.bodies:
                for text, where in _spoken(task):
                    for said in REFERENCE.findall(text):
                        yield from _brace(said, where, task, tasks, job)


def _spoken(task: TaskView) -> Iterator[tuple[str, Where]]:
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
        if root not in OLD and hint.startswith("; did"):
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
    elif key in tasks and other not in upstream(key, tasks):
        yield NOT_BEFORE.at(where, f"{subject}: {other} need not have ended by then; add it to depends_on")
    if len(rest) < 2 or rest[1] not in ENDED or (rest[1] == "values" and len(rest) < 3):
        hint = did_you_mean(rest[1] if len(rest) > 1 else "", ENDED)
        yield NO_SUCH_FACT.at(where, f"{subject} has no value: a task has no such fact{hint}")
