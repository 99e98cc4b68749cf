"""Small files, each there whole or not at all, whatever dies or fills up while it is written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sales_lakehouse.errors import StorageError


def publish(path: Path, content: bytes) -> None:
    """Put a file in place of what was there, at once.

    Raises: StorageError naming the file; what was there before is as it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with _named(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise


def read_json(path: Path) -> dict[str, Any]:
    """Return the object a file holds; an empty one where there is no file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Put an object in place of what a file held, at once."""
    publish(path, json.dumps(value, indent=1, sort_keys=True).encode())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file that has one a line; a line without an end is of a writer that died over it."""
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line) for line in whole.splitlines()]


def write_lines(path: Path, values: Iterable[Mapping[str, Any]]) -> None:
    """Put objects, one a line, in place of what a file held, at once."""
    publish(path, "".join(f"{json.dumps(value, sort_keys=True)}\n" for value in values).encode())


def append_line(path: Path, value: Mapping[str, Any]) -> None:
    """Add an object as a line, whole or not at all.

    Raises: StorageError naming the file; what was there before is as it was.
    """
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b", buffering=0) as lines:
            end = _end_of_last_line(lines.fileno())
            lines.truncate(end)
            try:
                _write_all(lines.fileno(), f"{json.dumps(value, sort_keys=True)}\n".encode())
            except OSError:
                lines.truncate(end)
                raise


def _end_of_last_line(file: int) -> int:
    size = os.fstat(file).st_size
    tail = os.pread(file, size, 0) if size and os.pread(file, 1, size - 1) != b"\n" else b"\n"
    return size if tail == b"\n" else tail.rfind(b"\n") + 1


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file in what the system says: it does not itself when a disk is full."""
    try:
        yield
    except OSError as cause:
        raise StorageError(refused(str(path), cause.strerror or str(cause))) from cause


def refused(place: str, reason: str) -> str:
    """Say of a place why it could not be written."""
    return (
        f"{place}: {reason}; it was not written and is as it was, nothing was promoted half; make room or mend the "
        "rights there, then run the job again: it goes on where this run ended"
    )
