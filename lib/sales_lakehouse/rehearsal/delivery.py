"""Read a file as the chain would: the strict reader is the chain's own, the casts agree with Spark's by a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sales_lakehouse.errors import DeliveryError
from sales_lakehouse.landing.files import side_file_of, stated_of
from sales_lakehouse.rehearsal.tally import Refusal, Tally
from sales_lakehouse.rehearsal.values import Judge
from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import SilverSpec, SourceSpec
from sales_lakehouse.specs.files import FilesDelivery


@dataclass(frozen=True)
class Rehearsal:
    """What would happen to one file.

    `found` = `kept` + `refused` + `quarantined` records; `examples` are the first of those that are not kept. `remark`
    says which totals of the partner could not be compared, `later` are the rules that only the run can judge.
    """

    file: str
    business_date: str | None
    not_landed: str | None
    schema: str
    found: int
    kept: int
    refused: int
    quarantined: int
    broken: str | None
    remark: str | None
    examples: tuple[Refusal, ...]
    later: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Tell whether every record of the file would be kept."""
        return not self.not_landed and not self.broken and self.found == self.kept


def rehearse(path: Path, source: SourceSpec, table: SilverSpec) -> Rehearsal:
    """Read a file as the chain would, without keeping anything of it: its records pass by and are counted."""
    day, stated, not_landed = _landing_of(path, source)
    judge = Judge(source, table, day)
    tally = Tally(source)
    for batch in scan_unit(path.read_bytes(), source, stated):
        for row in batch.to_pylist():
            if row["_record_no"] is None:
                tally.remark = tally.remark or row["_reason"]
            else:
                tally.add(row, row["_reason"] or "; ".join(judge.reasons(row)))
    return Rehearsal(
        file=path.name,
        business_date=str(day) if day else None,
        not_landed=not_landed,
        schema=tally.schema_in_words(),
        found=tally.found,
        kept=tally.found - tally.refused - tally.quarantined,
        refused=tally.refused,
        quarantined=tally.quarantined,
        broken=tally.broken,
        remark=tally.remark,
        examples=tuple(tally.examples),
        later=judge.later(),
    )


def _landing_of(path: Path, source: SourceSpec) -> tuple[date | None, dict[str, str], str | None]:
    """Return the file's business date, what the partner states of it, and why it would not land, if it would not."""
    delivery = source.delivery
    if not isinstance(delivery, FilesDelivery):
        return None, {}, None
    day, beside = delivery.date_in(path.name), side_file_of(path, delivery)
    if day is None:
        return None, {}, f"the name does not follow {delivery.name!r}: the file would not be landed"
    if beside and not beside.is_file():
        return day, {}, f"{beside.name} is not beside it: the file would wait for it"
    try:
        return day, stated_of(source.source, path, delivery), None
    except DeliveryError as cause:
        return day, {}, str(cause)
