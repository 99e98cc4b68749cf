"""The commands that a page shows: they mean the bundle that the run was started with, whatever told of them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Protocol

_STARTS = re.compile(r"`lakehouse ((?:run|repair|backfill) [^`\n]*)`")
"""A command in a message that starts runs. Whoever wrote the message knows no options of the command line."""


class Command(Protocol):
    """Writes a command that starts a run, as it can be pasted; `runs` is the folder of all runs."""

    def __call__(self, runs: Path, *words: str) -> str:
        """Return the command of these words."""


def plain(runs: Path, *words: str) -> str:  # noqa: ARG001 a command without options is the same everywhere
    """Return a command for the bundle around the current folder and its default target."""
    return shlex.join(["lakehouse", *words])


def with_commands(text: str, runs: Path, command: Command) -> str:
    """Return a message with the commands in it that start a run as they can be pasted."""

    def written(found: re.Match[str]) -> str:
        try:
            return f"`{command(runs, *shlex.split(found[1]))}`"
        except ValueError:  # an open quote: no shell would take it, either
            return found[0]

    return _STARTS.sub(written, text)
