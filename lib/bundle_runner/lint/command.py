"""What `lakehouse lint` does, once click has read its arguments."""

from __future__ import annotations

from pathlib import Path

import click

from bundle_runner.bundle.files import find_bundle
from bundle_runner.bundle.python_made import python_made
from bundle_runner.lint.finding import Severity
from bundle_runner.lint.formats import FORMATS
from bundle_runner.lint.page import page
from bundle_runner.lint.reading import read_for_lint
from bundle_runner.lint.rules import lint


def lint_bundle(folder: Path, target: str | None, form: str, strict: bool) -> int:
    """Print what is wrong with a bundle; return 2 for an error, under `strict` for a warning, too.

    Raises: UsageError where there is no bundle, TargetError for an unknown target.
    """
    findings = lint(folder, target)
    said = FORMATS[form](findings, find_bundle(folder).parent)
    if said:
        click.echo(said)
    if words := not_looked_at(folder):
        click.echo(words, err=form != "text")
    failing = [found for found in findings if strict or found.code.severity is Severity.ERROR]
    return 2 if failing else 0


def not_looked_at(folder: Path) -> str:
    """Say which jobs of a bundle lint cannot see; nothing where it sees all.

    Raises: UsageError where there is no bundle.
    """
    path = find_bundle(folder)
    made = python_made(read_for_lint(path, None).merged, path.parent)
    return f"not looked at, nor can they be run here: {made.words}" if made else ""


def print_codes() -> None:
    """Print docs/lint.md."""
    click.echo(page(), nl=False)
