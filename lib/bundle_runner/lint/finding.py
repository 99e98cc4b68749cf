"""What lint finds, and the codes it finds it under."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bundle_runner.bundle.located import Where


class Severity(StrEnum):
    """Whether what is found fails or only deserves a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Code:
    """One kind of finding, as docs/lint.md explains it. `wrong` and `right` are examples."""

    name: str
    severity: Severity
    title: str
    why: str
    wrong: str
    right: str

    def at(self, where: Where, message: str) -> Finding:
        """Return a finding of this kind."""
        return Finding(where, self, message)


@dataclass(frozen=True)
class Finding:
    """One sentence about one place."""

    where: Where
    code: Code
    message: str

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Return what findings are sorted by."""
        return str(self.where.file), self.where.line, self.where.column, self.code.name, self.message


CODES: dict[str, Code] = {}


def error(name: str, title: str, why: str, wrong: str, right: str) -> Code:
    """Define a code whose findings fail."""
    return _define(Code(name, Severity.ERROR, title, why, wrong, right))


def warning(name: str, title: str, why: str, wrong: str, right: str) -> Code:
    """Define a code whose findings fail only under `--strict`."""
    return _define(Code(name, Severity.WARNING, title, why, wrong, right))


def _define(code: Code) -> Code:
    if code.name in CODES:
        raise ValueError(f"lint code {code.name} is defined twice; give {code.title!r} another")
    CODES[code.name] = code
    return code
