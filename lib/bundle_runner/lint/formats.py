"""Write findings for people, for programs, for code scanning, and for GitHub's annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bundle_runner.lint.finding import CODES, Finding, Severity


def text(findings: Sequence[Finding], folder: Path) -> str:
    """Return one line for each finding, and what they come to."""
    lines = [
        f"{_name(found, folder)}:{found.where.line}:{found.where.column}: {found.code.severity} {found.code.name}: "
        f"{found.message}"
        for found in findings
    ]
    return "\n".join([*lines, _summary(findings)])


def _summary(findings: Sequence[Finding]) -> str:
    errors = sum(found.code.severity is Severity.ERROR for found in findings)
    counts = ((errors, "error"), (len(findings) - errors, "warning"))
    said = ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)
    return said or "nothing found"


def as_json(findings: Sequence[Finding], folder: Path) -> str:
    """Return a list of objects."""
    return json.dumps(
        [
            {
                "file": _name(found, folder),
                "line": found.where.line,
                "column": found.where.column,
                "code": found.code.name,
                "severity": str(found.code.severity),
                "message": found.message,
            }
            for found in findings
        ],
        indent=1,
        ensure_ascii=False,
    )


def sarif(findings: Sequence[Finding], folder: Path) -> str:
    """Return a log of SARIF 2.1.0."""
    used = sorted({found.code.name for found in findings})
    driver = {"name": "lakehouse lint", "rules": [_sarif_rule(name) for name in used]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"BUNDLE": {"uri": f"{folder.resolve().as_uri()}/"}},
        "results": [_sarif_result(found, folder, used) for found in findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=False)


def _sarif_rule(name: str) -> dict[str, Any]:
    code = CODES[name]
    return {
        "id": name,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.why},
        "help": {"text": f"wrong: {code.wrong}\nright: {code.right}"},
        "defaultConfiguration": {"level": str(code.severity)},
    }


def _sarif_result(found: Finding, folder: Path, used: list[str]) -> dict[str, Any]:
    uri = Path(_name(found, folder)).as_posix()
    artifact = {"uri": uri, "uriBaseId": "BUNDLE"} if not Path(uri).is_absolute() else {"uri": Path(uri).as_uri()}
    region = {"startLine": found.where.line, "startColumn": found.where.column}
    return {
        "ruleId": found.code.name,
        "ruleIndex": used.index(found.code.name),
        "level": str(found.code.severity),
        "message": {"text": found.message},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }


def github(findings: Sequence[Finding], folder: Path) -> str:
    """Return the workflow commands that GitHub shows as annotations."""
    return "\n".join(
        f"::{found.code.severity} file={_property(_name(found, folder))},line={found.where.line},"
        f"col={found.where.column},title={found.code.name}::{_escaped(found.message)}"
        for found in findings
    )


def _escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _escaped(value).replace(":", "%3A").replace(",", "%2C")


def _name(found: Finding, folder: Path) -> str:
    """Return the path from the bundle's folder, where the file is below it."""
    file = found.where.file
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


FORMATS: dict[str, Callable[[Sequence[Finding], Path], str]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "github": github,
}
