"""All rules, and the findings of all of them over one bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from bundle_runner.bundle.files import find_bundle
from bundle_runner.bundle.located import Where
from bundle_runner.lint import (
    asked,
    calls,
    clusters,
    compute,
    dollars,
    fields,
    files,
    graph,
    imports,
    keys,
    notebooks,
    notifications,
    references,
    required,
    run_jobs,
    schedule,
    secrets,
    strays,
    targets,
    tasks,
    timing,
    variables,
    wheels,
)
from bundle_runner.lint.finding import CODES, Finding, warning
from bundle_runner.lint.reading import ReadBundle, read_for_lint

Rule = Callable[[ReadBundle], Iterator[Finding]]

UNUSED = warning(
    "B009",
    "A suppression suppresses nothing",
    "It would hide the next mistake on its line.",
    "a comment `lint: ignore B301` on a line without a finding",
    "no comment",
)


RULES: tuple[Rule, ...] = (
    keys.check_mappings,
    keys.check_lists,
    keys.check_resources,
    keys.check_names,
    keys.check_includes,
    strays.check_strays,
    fields.check_fields,
    required.check_required,
    files.check_files,
    graph.check_graph,
    tasks.check_tasks,
    timing.check_timing,
    run_jobs.check_run_jobs,
    compute.check_compute,
    clusters.check_clusters,
    variables.check_variables,
    dollars.check_dollars,
    variables.check_circles,
    variables.check_unresolved,
    references.check_braces,
    schedule.check_schedules,
    notifications.check_notifications,
    targets.check_targets,
    wheels.check_wheels,
    secrets.check_secrets,
    notebooks.check_notebooks,
    calls.check_calls,
    calls.check_values,
    asked.check_asked,
    imports.check_imports,
)
_IGNORE = re.compile(r"#\s*lint:\s*ignore\s+([A-Z]\d{3}(?:[,\s]+[A-Z]\d{3})*)")


def lint(folder: Path, target: str | None = None) -> list[Finding]:
    """Return what is wrong with the bundle of a folder, sorted by place.

    Raises: UsageError where there is no bundle, TargetError for an unknown target.
    """
    bundle = read_for_lint(find_bundle(folder), target)
    found = {*bundle.problems, *(finding for rule in RULES for finding in rule(bundle))}
    paths = {document.path for document in bundle.files} | {file.path for file in files.named_files(bundle)}
    ignored = {path: _ignores(path) for path in paths | {finding.where.file for finding in found}}
    kept = [
        finding for finding in found if finding.code.name not in ignored[finding.where.file].get(finding.where.line, ())
    ]
    if target is None and not bundle.problems:  # a comment may hide what shows elsewhere
        kept += _unused(found, ignored)
    return sorted(kept, key=lambda finding: finding.order)


def _ignores(path: Path) -> dict[int, tuple[str, ...]]:
    """Return the codes that each line of a file suppresses."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found = ((number, _IGNORE.search(line)) for number, line in enumerate(lines, 1))
    return {number: tuple(re.findall(r"[A-Z]\d{3}", match[1])) for number, match in found if match}


def _unused(found: set[Finding], ignored: dict[Path, dict[int, tuple[str, ...]]]) -> Iterator[Finding]:
    met = {(finding.where.file, finding.where.line, finding.code.name) for finding in found}
    for path, lines in ignored.items():
        for line, names in lines.items():
            for name in names:
                if (path, line, name) not in met:
                    hint = "" if name in CODES else "; there is no such code"
                    yield UNUSED.at(Where(path, line), f"lint: ignore {name} suppresses nothing here; remove it{hint}")
