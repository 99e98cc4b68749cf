"""Drop partners' files into an inbox, each in one step."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.partner_files import PartnerFile

Outcome = Literal["new", "unchanged", "changed"]


def drop_files(inbox: Path, files: Iterable[PartnerFile]) -> Counter[Outcome]:
    """Drop each file into its source's folder and count the outcomes.

    Raises: SimulatorError when the inbox cannot be written.
    """
    try:
        return Counter(drop_file(inbox, file) for file in files)
    except OSError as error:
        raise SimulatorError(
            f"{error.filename or inbox}: {error.strerror}; "
            "files delivered before this one are whole and stay; "
            "name a folder you can write with --inbox DIR, then repeat the command"
        ) from error


def drop_file(inbox: Path, file: PartnerFile) -> Outcome:
    """Put a file in place, or leave it alone where the same bytes already are."""
    target = inbox / file.source / file.name
    before = target.read_bytes() if target.exists() else None
    if before == file.content:
        return "unchanged"
    _write_at_once(target, file.content)
    return "new" if before is None else "changed"


def _write_at_once(target: Path, content: bytes) -> None:
    # A reader of the inbox skips dot names, so it sees the whole file or none.
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(target)
