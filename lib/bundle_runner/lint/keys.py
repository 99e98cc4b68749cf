"""Rules on keys: what stands in two files, or twice in one mapping or list."""

from __future__ import annotations

from collections.abc import Iterator

from bundle_runner.bundle.located import Map, Where
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, items, members
from bundle_runner.lint.reading import ReadBundle

TWO_FILES = error(
    "B003",
    "A resource is defined in two files",
    "The CLI refuses the bundle.",
    "jobs.daily in resources/a.yml and in resources/b.yml",
    "one of them, or another key",
)
SAME_KEY = error(
    "B011",
    "Two resources of different kinds have the same key",
    "`databricks bundle run KEY` could mean either: the CLI refuses the bundle.",
    "jobs: {daily: …} and pipelines: {daily: …}",
    "jobs: {daily: …} and pipelines: {daily_tables: …}",
)
INCLUDE_OUTSIDE = warning(
    "B012",
    "include stands in an included file",
    "The CLI reads includes of databricks.yml only.",
    "include: […] in resources/a.yml",
    "include: […] in databricks.yml",
)
TWIN_KEY = error(
    "B002",
    "A mapping says a key twice",
    "Only the last of the two counts, without a word.",
    "{name: a, name: b}",
    "{name: b}",
)
TWIN = error(
    "B301",
    "A key stands twice in one list",
    "The CLI merges entries of the same task_key into one without a word: one of the two tasks is gone.",
    "tasks: [{task_key: load, …}, {task_key: load, …}]",
    "tasks: [{task_key: load, …}, {task_key: check, …}]",
)
SAME_NAME = warning(
    "B014",
    "Two jobs have the same name",
    "The workspace allows it, and in its lists nobody can tell the one from the other; often one is a copy.",
    "jobs: {daily: {name: sales}, weekly: {name: sales}}",
    "jobs: {daily: {name: sales}, weekly: {name: sales_weekly}}",
)
KEYS = {"tasks": "task_key", "job_clusters": "job_cluster_key", "environments": "environment_key", "parameters": "name"}


def check_mappings(bundle: ReadBundle) -> Iterator[Finding]:
    """Look for keys that stand twice in one mapping."""
    for file in bundle.files:
        for twin in file.twins:
            yield TWIN_KEY.at(
                twin.where, f"{twin.name} stands here and in line {twin.first}; only the last would count, keep one"
            )


def check_lists(bundle: ReadBundle) -> Iterator[Finding]:
    """Look at each file by itself: a target may well say a key again to change it."""
    for file in bundle.files:
        trees = [file.tree, *(a_map(body) for _, body, _ in members(file.tree.get("targets")))]
        for tree in trees:
            for name, job, _ in members(a_map(tree.get("resources")).get("jobs")):
                yield from _twins(name, a_map(job))


def _twins(job: str, body: Map) -> Iterator[Finding]:
    for part, key in KEYS.items():
        first: dict[str, Where] = {}
        for item, where in items(body.get(part)):
            name = a_text(item.get(key))
            if name is not None and name in first:
                yield TWIN.at(
                    item.where[key],
                    f"job {job}: {key} {name} stands here and in line {first[name].line}; "
                    "the CLI would merge the two into one",
                )
            elif name is not None:
                first[name] = where


def check_resources(bundle: ReadBundle) -> Iterator[Finding]:
    """Look for resources that stand in more than one file, and for keys that two kinds share."""
    first: dict[tuple[str, str], Where] = {}
    kinds: dict[str, tuple[str, Where]] = {}
    for file in bundle.files:
        for kind, resources, _ in (*members(file.tree.get("resources")), *_scripts(file.tree)):
            for key, _, where in members(resources):
                old = first.setdefault((kind, key), where)
                if old is not where:
                    yield TWO_FILES.at(where, f"{kind}.{key} is also defined in {old.file.name}:{old.line}; keep one")
                other, there = kinds.setdefault(key, (kind, where))
                if other != kind:
                    yield SAME_KEY.at(
                        where,
                        f"{kind}.{key} has the key of {other}.{key} in {there.file.name}:{there.line}; rename one",
                    )


def check_names(bundle: ReadBundle) -> Iterator[Finding]:
    """Look for jobs that one target gives the same name."""
    for view in bundle.views:
        first: dict[str, str] = {}
        for job in view.jobs:
            name = a_text(job.body.get("name"))
            if name is not None and first.setdefault(name, job.key) != job.key:
                yield SAME_NAME.at(job.place("name"), f"job {job.key} has the name of job {first[name]}: {name}")


def _scripts(tree: Map) -> Iterator[tuple[str, Map, Where]]:
    if isinstance(tree.get("scripts"), Map):
        yield "scripts", tree["scripts"], tree.where["scripts"]


def check_includes(bundle: ReadBundle) -> Iterator[Finding]:
    """Look for includes that the CLI does not read."""
    for file in bundle.files[1:]:
        if "include" in file.tree:
            yield INCLUDE_OUTSIDE.at(
                file.tree.where["include"], f"include is read in {bundle.path.name} only; write it there"
            )
