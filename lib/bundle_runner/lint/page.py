"""Print the page of all codes from the codes themselves."""

from __future__ import annotations

from collections.abc import Iterator

import bundle_runner.lint.rules  # noqa: F401 defines every code
from bundle_runner.lint.finding import CODES, Code

FAMILIES = {
    "B0": "Files and YAML",
    "B1": "Fields",
    "B2": "References",
    "B3": "The graph",
    "B4": "Tasks",
    "B5": "Schedules",
    "B6": "Targets and artifacts",
    "N1": "Notebooks",
}
HEAD = """# What `lakehouse lint` finds

Printed from the code by `lakehouse lint --codes`; change the code, then print it anew:
`lakehouse lint --codes > docs/lint.md`.

Lint reads the bundle as every target sees it (or as one does, by `-t`), without a workspace and without a network. It
tells each finding as `file:line:column: severity code: sentence`; `--format json`, `sarif` and `github` say the same
to programs. An error ends with exit code 2, warnings alone with 0; `--strict` makes warnings count. A comment at the
end of a line, `# lint: ignore B301`, keeps a code quiet on that line, and is itself reported once it is of no use.
"""


def page() -> str:
    """Return docs/lint.md."""
    return "\n".join([HEAD, *_families()]) + "\n"


def _families() -> Iterator[str]:
    for prefix, title in FAMILIES.items():
        codes = [CODES[name] for name in sorted(CODES) if name.startswith(prefix)]
        yield f"## {title}\n"
        yield from (_section(code) for code in codes)


def _section(code: Code) -> str:
    return (
        f"### {code.name} {code.title}\n\n{code.severity.capitalize()}. {code.why}\n\n"
        f"- wrong: {_code(code.wrong)}\n- right: {_code(code.right)}\n"
    )


def _code(example: str) -> str:
    return f"`` {example} ``" if "`" in example else f"`{example}`"
