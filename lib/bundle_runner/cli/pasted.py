"""Print commands that work as pasted: where the environment is not activated, and where what they need has ended.

What a run needs beside the bundle, a command may have brought up around it, and taken down after it. Such a command
names itself in the environment variable BUNDLE_RUN_WITHIN: its process, then its words. Hints how to run again repeat
it, and so do those of later commands, until a run succeeds without it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

WITHIN = "BUNDLE_RUN_WITHIN"
NOTE = ".within"
_OURS = "lakehouse"
_CALL = r"(?:(?<=[`:] )|(?<=`))lakehouse "


def lakehouse_command() -> str:
    """Return how this shell can call `lakehouse`: by name, by a path from here, or by python -m."""
    script = Path(sys.prefix) / "bin" / _OURS
    found = shutil.which(_OURS)
    if found and Path(found).resolve() == script.resolve():
        return _OURS
    if not script.is_file():
        return f"{sys.executable} -m bundle_runner"
    relative = os.path.relpath(script)
    return relative if not relative.startswith("..") else str(script)


def as_pasted(words: Iterable[str]) -> str:
    """Return the words of a command as a shell takes them, with `lakehouse` in the form that works here."""
    return shlex.join([part for word in words for part in _called(word)])


def pasted(text: str, runs: Path | None = None) -> str:
    """Return the text with every command `lakehouse …` in the form that works here.

    `runs` is the folder of the bundle's runs, where there is one: it tells what a run must be started within.
    """
    around = "".join(f"{word} " for word in words_within(runs)) if runs else ""
    if around:
        text = re.sub(f"{_CALL}run ", f"{around}lakehouse run ", text)
    return re.sub(f"{_CALL}(?=[a-z-])|(?<=-- )lakehouse (?=[a-z])", f"{lakehouse_command()} ", text)


def words_within(runs: Path) -> list[str]:
    """Return what must stand before a command that runs a job; nothing while the surroundings last."""
    told = shlex.split(os.environ.get(WITHIN, ""))
    if told:
        return told[1:] if told[0] == str(os.getppid()) else []
    note = runs / NOTE
    return shlex.split(note.read_text(encoding="utf-8")) if note.is_file() else []


def note_within(runs: Path, *, succeeded: bool) -> None:
    """Remember for later commands what a run was started within; forget it where one succeeds without."""
    if WITHIN in os.environ:
        (runs / NOTE).write_text(shlex.join(words_within(runs)), encoding="utf-8")
    elif succeeded:
        (runs / NOTE).unlink(missing_ok=True)


def _called(word: str) -> list[str]:
    return shlex.split(lakehouse_command()) if word == _OURS else [word]
