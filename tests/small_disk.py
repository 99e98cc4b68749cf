"""A disk of two megabytes: a mount of memory, where this machine allows one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """A folder that can be full or closed."""

    folder: Path

    def fill(self) -> None:
        """Leave not a byte of room."""
        with (self.folder / ".filling").open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    continue

    def read_only(self) -> None:
        """Let nobody write."""
        _mount("-o", "remount,ro", str(self.folder))

    def free(self, megabytes: int = 64) -> None:
        """Make room, and let everybody write."""
        _mount("-o", f"remount,rw,size={megabytes}m", str(self.folder))
        (self.folder / ".filling").unlink(missing_ok=True)


def small_disk(folder: Path, megabytes: int = 2) -> Iterator[SmallDisk]:
    """Mount a small disk while a test lives; skip it where this machine does not let us."""
    place = folder / "disk"
    place.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no mount is allowed here, so no disk can be full")
    yield SmallDisk(place)
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
