"""What a reading asks for, as the source file says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from sales_lakehouse.specs.paging import KeysetPaging, OffsetPaging, PagePaging
from sales_lakehouse.specs.rest import Changes, RestDelivery

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"epoch_seconds": 1, "epoch_milliseconds": 1000}


@dataclass(frozen=True)
class Question:
    """A listing of a source, all of it or what changed later than `since`."""

    source: str
    delivery: RestDelivery
    base_url: str
    records: str
    since: datetime | None = None
    token_base_url: str | None = None

    @property
    def asks_beyond_records(self) -> bool:
        """Tell whether a page is asked for although the API names no next one: an empty page is then the end."""
        return isinstance(self.delivery.paging, PagePaging | OffsetPaging | KeysetPaging)

    @property
    def keeps_place(self) -> bool:
        """Tell whether the source says that records keep their place while one reads."""
        paging = self.delivery.paging
        return isinstance(paging, PagePaging | OffsetPaging) and paging.keeps_place

    def announced(self, total: int | None) -> int | None:
        """Return how many records a total announces for this question; None where it counts something else."""
        told = self.delivery.total
        if told is None or total is None or told.counts == "pages":
            return None
        return None if told.counts == "all" and self.since else total

    @property
    def parameters(self) -> dict[str, str]:
        """Return the parameters of every page: the declared ones, page size, and the time since when."""
        delivery = self.delivery
        asked = dict(delivery.parameters)
        if delivery.page_size is not None:
            asked[delivery.page_size_parameter] = str(delivery.page_size)
        if delivery.changes and self.since:
            asked[delivery.changes.parameter] = write_time(self.since, delivery.changes)
        return asked


def write_time(moment: datetime, changes: Changes) -> str:
    """Write a time as the API wants it asked."""
    if unit := _PER_SECOND.get(changes.written):
        return str((moment - _EPOCH) // timedelta(seconds=1) * unit + moment.microsecond * unit // 1_000_000)
    if changes.written == "iso":
        return moment.astimezone(ZoneInfo(changes.time_zone)).replace(tzinfo=None).isoformat()
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def newest_of(values: Sequence[object], changes: Changes) -> datetime | None:
    """Return the latest of the times of last change; None where none of them is one."""
    return max(filter(None, (read_time(value, changes) for value in values)), default=None)


def read_time(value: object, changes: Changes) -> datetime | None:
    """Read the time of a record's last change; None where it is none."""
    if unit := _PER_SECOND.get(changes.written):
        return _from_epoch(value, unit)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(changes.time_zone))
    return moment.astimezone(UTC)


def _from_epoch(value: object, unit: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=int(Decimal(str(value)) * 1_000_000 / unit))
    except (InvalidOperation, OverflowError, ValueError):
        return None
