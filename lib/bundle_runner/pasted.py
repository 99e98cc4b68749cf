"""Print commands that work as pasted, also where the environment is not activated."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path


def lakehouse_command() -> str:
    """Return how this shell can call `lakehouse`: by name, by a path from here, or by python -m."""
    script = Path(sys.prefix) / "bin" / "lakehouse"
    found = shutil.which("lakehouse")
    if found and Path(found).resolve() == script.resolve():
        return "lakehouse"
    if not script.is_file():
        return f"{sys.executable} -m bundle_runner"
    relative = os.path.relpath(script)
    return relative if not relative.startswith("..") else str(script)


def pasted(text: str) -> str:
    """Return the text with every command `lakehouse …` in the form that works here."""
    return re.sub(r"(?<=[`:] )lakehouse (?=[a-z])|(?<=`)lakehouse (?=[a-z])", f"{lakehouse_command()} ", text)
