"""Processes of this machine: which one this is, and whether another is still there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_PROC = Path("/proc")
_START_FIELD, _STATE_FIELD, _DEAD = 19, 0, "ZX"


def machine() -> str:
    """Return what tells this machine, since its last start, from all others: pids of others mean nothing here."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"  # a container counts its processes by itself
    except OSError:
        return socket.gethostname()


def started_at(pid: int) -> str:
    """Return the kernel's own count of when a process began, empty where it is not told: a pid may be used again.

    It is not the wall clock, which may be set back.
    """
    fields = _fields(pid)
    return fields[_START_FIELD] if fields else ""


def is_alive(pid: int, started: str) -> bool:
    """Tell whether a process of this machine is still there, and the same one."""
    if fields := _fields(pid):
        return fields[_STATE_FIELD] not in _DEAD and started in ("", fields[_START_FIELD])
    if _PROC.joinpath("self").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _fields(pid: int) -> list[str]:
    """Return what /proc tells of a process, from its state on; the name before may hold anything."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
