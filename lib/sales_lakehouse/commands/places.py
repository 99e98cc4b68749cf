"""What the commands that read a lakehouse share: which one it is, and how rows are laid out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from sales_lakehouse.commands.declared import bundle_option, lakehouse_option, lakehouse_root, load_declared, told
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.ledger.faults import money
from sales_lakehouse.specs import Pipelines

Options = ParamSpec("Options")


@dataclass(frozen=True)
class Place:
    """A lakehouse on this machine, and the declarations it was filled by."""

    root: Path
    pipelines: Pipelines

    @property
    def landing(self) -> LandingStore:
        """Return the delivered units."""
        return LandingStore(self.root / "landing")


def find_place(bundle: Path, lakehouse: Path | None) -> Place:
    """Find the lakehouse that is asked for, and read the declarations."""
    with told():
        root = lakehouse_root(bundle, lakehouse).resolve()
        if not (root / "landing").is_dir():
            raise ParameterError(f"{root}: nothing has landed there; `lakehouse run sales_daily` begins")
    return Place(root, load_declared(bundle))


def with_place(command: Callable[Concatenate[Place, Options], None]) -> Callable[..., None]:
    """Give a command the options --bundle and --lakehouse, and the place they name as its first argument."""

    @bundle_option
    @lakehouse_option
    @wraps(command)
    def called(bundle: Path, lakehouse: Path | None, *args: Options.args, **options: Options.kwargs) -> None:
        place = find_place(bundle, lakehouse)
        with told():
            command(place, *args, **options)

    return called


def as_json(value: Any) -> str:
    """Write a value as JSON: amounts as text, exactly."""
    return json.dumps(value, indent=1, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    raise TypeError(f"{value!r} is no JSON")


def in_columns(head: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> list[str]:
    """Lay rows out under their heads; the first `left` columns are names, the others figures."""
    texts = [list(head), *([shown(value) for value in row] for row in rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(head))]
    aligned: list[Callable[[str, int], str]] = [str.ljust if place < left else str.rjust for place in range(len(head))]
    return [
        "  ".join(align(text, width) for align, text, width in zip(aligned, row, widths, strict=True)).rstrip()
        for row in texts
    ]


def shown(value: object) -> str:
    """Write a value for people: counts and amounts with commas, amounts exactly."""
    if isinstance(value, Decimal):
        return money(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
