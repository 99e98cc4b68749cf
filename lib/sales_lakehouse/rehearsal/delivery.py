"""Read a file as the chain would: the strict reader is the chain's own, the casts agree with Spark's by a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sales_lakehouse.errors import DeliveryError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.content import open_content
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
    says which totals of the partner could not be compared, `later` are the rules that only the run can judge, `stops`
    those of severity stop that kept records break, each with the number of such records.
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
    stops: dict[str, int]

    @property
    def passes(self) -> bool:
        """Tell whether every record of the file would be kept, and no gate stop."""
        return not self.not_landed and not self.broken and not self.stops and self.found == self.kept


@dataclass(frozen=True)
class _Outside:
    """What is known of a delivery beside its bytes: name, date, the partner's totals, and why it would not land."""

    name: str
    day: date | None
    stated: dict[str, str]
    not_landed: str | None = None


def rehearse(path: Path, source: SourceSpec, table: SilverSpec) -> Rehearsal:
    """Read a file as the chain would, without keeping anything of it: its records pass by and are counted."""
    return _read(open_content(str(path)), _outside_of(path, source), source, table)


def rehearse_unit(store: LandingStore, unit: Manifest, source: SourceSpec, table: SilverSpec) -> Rehearsal:
    """Read a unit that has landed as the chain would now."""
    day = date.fromisoformat(unit.business_date) if unit.business_date else None
    return _read(open_content(str(store.content_path(unit))), _Outside(unit.name, day, unit.stated), source, table)


def _read(content: Any, about: _Outside, source: SourceSpec, table: SilverSpec) -> Rehearsal:
    judge = Judge(source, table, about.day)
    tally = Tally(source)
    for batch in scan_unit(content, source, about.stated):
        for row in batch.to_pylist():
            if row["_record_no"] is None:
                tally.remark = tally.remark or row["_reason"]
                continue
            reason = row["_reason"] or "; ".join(judge.reasons(row))
            tally.add(row, reason)
            tally.stops.update([] if reason else judge.stops(row))
    return Rehearsal(
        file=about.name,
        business_date=str(about.day) if about.day else None,
        not_landed=about.not_landed,
        schema=tally.schema_in_words(),
        found=tally.found,
        kept=tally.found - tally.refused - tally.quarantined,
        refused=tally.refused,
        quarantined=tally.quarantined,
        broken=tally.broken,
        remark=tally.remark,
        examples=tuple(tally.examples),
        later=judge.later(),
        stops=dict(tally.stops),
    )


def _outside_of(path: Path, source: SourceSpec) -> _Outside:
    delivery = source.delivery
    if not isinstance(delivery, FilesDelivery):
        return _Outside(path.name, None, {})
    day, beside = delivery.date_in(path.name), side_file_of(path, delivery)
    if day is None:
        what = f"the name does not follow {delivery.name!r}: the file would not be landed"
        return _Outside(path.name, None, {}, what)
    if beside and not beside.is_file():
        return _Outside(path.name, day, {}, f"{beside.name} is not beside it: the file would wait for it")
    try:
        return _Outside(path.name, day, stated_of(source.source, path, delivery))
    except DeliveryError as cause:
        return _Outside(path.name, day, {}, str(cause))
