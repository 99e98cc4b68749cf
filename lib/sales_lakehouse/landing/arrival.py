"""What landing would make of a delivery, told from the manifests alone: something new, the same again, a correction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sales_lakehouse.landing.store import LandingStore, Manifest, is_received_anew


@dataclass(frozen=True)
class Arrival:
    """How a delivery stands to what has landed before.

    `again`: `before` has the same bytes, which would only be noted. `correction`: `before` is the last delivery of the
    same name, whose place it would take. `anew`: the same bytes under other totals of the partner. `same_day`: another
    name has stated the same business date; `before` is the last that did.
    """

    kind: Literal["new", "again", "correction", "anew", "same_day"]
    before: Manifest | None = None


def foresee_arrival(store: LandingStore, content: bytes, manifest: Manifest) -> Arrival:
    """Tell what `LandingStore.put` would do with a delivery; nothing is written."""
    known = {unit.unit_id: unit for unit in store.manifests(manifest.source)}
    again = replace(manifest, unit_id=store.id_for(content, manifest), corrects=store.last_named(manifest))
    same = known.get(again.unit_id)
    if same and not is_received_anew(same, again):
        return Arrival("again", same)
    if again.corrects:
        return Arrival("anew" if again.corrects == again.unit_id else "correction", known[again.corrects])
    of_day = [unit for unit in known.values() if unit.business_date and unit.business_date == manifest.business_date]
    return Arrival("same_day", of_day[-1]) if of_day else Arrival("new")
