"""What git knows of the folder of a bundle."""

from __future__ import annotations

import subprocess
from pathlib import Path

_ASKED = {
    "origin_url": ["config", "--get", "remote.origin.url"],
    "branch": ["symbolic-ref", "--short", "HEAD"],
    "commit": ["rev-parse", "HEAD"],
}


def git_facts(folder: Path) -> dict[str, str]:
    """Return what `${bundle.git.…}` offers; empty texts where there is no repository, or no git."""
    return {name: _said(folder, words) for name, words in _ASKED.items()}


def _said(folder: Path, words: list[str]) -> str:
    try:
        answer = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
