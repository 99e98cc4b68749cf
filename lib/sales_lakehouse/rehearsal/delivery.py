"""Read a file as the chain would: the strict reader is the chain's own, the casts agree with Spark's by a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sales_lakehouse.rehearsal.tally import Refusal, Tally
from sales_lakehouse.rehearsal.values import Judge
from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import SilverSpec, SourceSpec
from sales_lakehouse.specs.source import FilesDelivery


@dataclass(frozen=True)
class Rehearsal:
    """What would happen to one file.

    `found` = `kept` + `refused` + `quarantined` records; `examples` are the first of those that are not kept. `later`
    are the rules that only the run can judge.
    """

    file: str
    business_date: str | None
    misnamed: str | None
    schema: str
    found: int
    kept: int
    refused: int
    quarantined: int
    broken: str | None
    examples: tuple[Refusal, ...]
    later: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Tell whether every record of the file would be kept."""
        return not self.misnamed and not self.broken and self.found == self.kept


def rehearse(path: Path, source: SourceSpec, table: SilverSpec) -> Rehearsal:
    """Read a file as the chain would, without keeping anything of it: its records pass by and are counted."""
    day, misnamed = _read_name(path.name, source)
    judge = Judge(source, table, day)
    tally = Tally(source)
    for batch in scan_unit(path.read_bytes(), source):
        for row in batch.to_pylist():
            if row["_record_no"] is not None:
                tally.add(row, row["_reason"] or "; ".join(judge.reasons(row)))
    return Rehearsal(
        file=path.name,
        business_date=str(day) if day else None,
        misnamed=misnamed,
        schema=tally.schema_in_words(),
        found=tally.found,
        kept=tally.found - tally.refused - tally.quarantined,
        refused=tally.refused,
        quarantined=tally.quarantined,
        broken=tally.broken,
        examples=tuple(tally.examples),
        later=judge.later(),
    )


def _read_name(name: str, source: SourceSpec) -> tuple[date | None, str | None]:
    if not isinstance(source.delivery, FilesDelivery):
        return None, None
    day = source.delivery.date_in(name)
    return day, None if day else f"the name does not follow {source.delivery.name!r}: the file would not be landed"
