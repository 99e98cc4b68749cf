"""What becomes of a unit that is made work again, told before a run finds out."""

from __future__ import annotations

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.rehearsal.delivery import rehearse_unit
from sales_lakehouse.rehearsal.gates import stopped_by
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.wording import counted

_TAKES = "the next run takes it: `lakehouse run sales_daily`"


def foretell_release(store: LandingStore, unit: Manifest, pipelines: Pipelines) -> str:
    """Say how the next run would judge a unit under today's declarations: it is read now, as bronze will read it."""
    source = pipelines.sources.get(unit.source)
    if source is None:
        return f"no run takes it: pipelines/sources/{unit.source}.yml is not there"
    if unit.repairs or not store.content_path(unit).exists():
        return _TAKES
    verdict = rehearse_unit(store, unit, source, pipelines.table_of(source))
    if verdict.broken:
        return (
            f"under today's source file it stands aside as a whole: {verdict.broken}; the next run would end at "
            f"gate_bronze with this verdict; mend pipelines/sources/{unit.source}.yml before it, or refuse the unit"
        )
    stops = "".join(f"; on its own it would stop {stop}" for stop in stopped_by(verdict, source))
    kept = f"{verdict.kept:,} of {counted(verdict.found, 'record')} would be kept"
    return f"under today's source file {kept}{stops}; {_TAKES}"
