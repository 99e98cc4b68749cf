"""How a delivery stands to what has landed before, in words."""

from __future__ import annotations

from pathlib import Path

from sales_lakehouse.deliveries import ASIDE, Delivery, find_delivery
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.arrival import Arrival, foresee_arrival
from sales_lakehouse.landing.files import stated_of
from sales_lakehouse.rehearsal.delivery import Rehearsal
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.files import FilesDelivery
from sales_lakehouse.wording import counted

_WAITS = ("landed", "recorded")


def earlier_in_words(lakehouse_root: Path, path: Path, source: SourceSpec, verdict: Rehearsal) -> str:
    """Say what a file would be to a lakehouse: known, a correction, another statement of a day; empty where it is new.

    Read from the landing's manifests and the books' last word, without Spark; nothing is written.
    """
    if verdict.not_landed or not (lakehouse_root / "landing" / source.source).is_dir():
        return ""
    delivery = source.delivery
    stated = stated_of(source.source, path, delivery) if isinstance(delivery, FilesDelivery) else {}
    manifest = Manifest(source.source, path.name, "", verdict.business_date, stated=stated)
    arrival = foresee_arrival(LandingStore(lakehouse_root / "landing"), path.read_bytes(), manifest)
    before = arrival.before and find_delivery(lakehouse_root, f"{source.source}/{arrival.before.unit_id}")
    return _told(arrival, before, source, verdict) if before else ""


def _told(arrival: Arrival, before: Delivery, source: SourceSpec, verdict: Rehearsal) -> str:
    unit = before.unit.in_words()
    if arrival.kind == "again":
        return f"the same bytes as {unit}, which is {before.state}: they would only be noted{_stays(before)}"
    if arrival.kind == "anew":
        return f"the same bytes as {unit} under other totals: they would be judged anew"
    if arrival.kind == "same_day":
        return f"{verdict.business_date} is stated by {unit}, too: {_effect(before, source, verdict)}"
    return f"other bytes than {unit}, which is {before.state}: a correction; {_effect(before, source, verdict)}"


def _stays(before: Delivery) -> str:
    if before.state in ASIDE:
        return f", and it stays aside; `lakehouse units release {before.unit.unit_id[:12]}` makes it work again"
    return ", and the next run takes it as it is" if before.state in _WAITS else ", nothing would change"


def _effect(before: Delivery, source: SourceSpec, verdict: Rehearsal) -> str:
    """Say what takes the place of what, by the scope of one statement."""
    if before.state in ASIDE:
        stays = "stay refused" if before.state == "refused" else "be open no longer"
        return f"it would be judged in place of that unit, which would {stays}"
    if source.silver.scope.kind != "slice":
        return "what both state, the newer statement wins; what it leaves out, stays"
    kept = before.counts.get("kept")
    old = f"the {counted(kept, 'record')}" if kept is not None else "what"
    return f"as the later one it would replace {old} that unit stated of {verdict.business_date}"
