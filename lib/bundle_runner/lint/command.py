"""What `lakehouse lint` does, once click has read its arguments."""

from __future__ import annotations

from pathlib import Path

import click

from bundle_runner.bundle_files import find_bundle
from bundle_runner.lint.finding import Severity
from bundle_runner.lint.formats import FORMATS
from bundle_runner.lint.page import page
from bundle_runner.lint.rules import lint


def lint_bundle(folder: Path, target: str | None, form: str, strict: bool) -> int:
    """Print what is wrong with a bundle; return 2 for an error, under `strict` for a warning, too.

    Raises: UsageError where there is no bundle, TargetError for an unknown target.
    """
    findings = lint(folder, target)
    said = FORMATS[form](findings, find_bundle(folder).parent)
    if said:
        click.echo(said)
    failing = [found for found in findings if strict or found.code.severity is Severity.ERROR]
    return 2 if failing else 0


def print_codes() -> None:
    """Print docs/lint.md."""
    click.echo(page(), nl=False)
