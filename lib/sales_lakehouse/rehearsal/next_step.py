"""What to do with a delivery, once it is known what would happen to it."""

from __future__ import annotations

from sales_lakehouse.rehearsal.delivery import Rehearsal
from sales_lakehouse.rehearsal.gates import stopped_by
from sales_lakehouse.specs import SourceSpec

_ASK = "ask the partner for a corrected file"


def next_step(verdict: Rehearsal, source: SourceSpec) -> str:
    """Return what to do next: correct the file or the agreement, or deliver it as it is, and what that means."""
    if verdict.not_landed:
        return f"{_ASK}, or mend `delivery` of the source's file; then check again"
    if verdict.broken:
        return f"{_ASK}, or mend the source's file where the agreement has changed; then check again"
    if verdict.passes:
        return (
            f"deliver it: under this name into the inbox's folder {source.source}/, then `lakehouse run sales_daily`"
            if verdict.business_date
            else "deliver it"
        )
    if stopped_by(verdict, source):
        return f"{_ASK}: delivered alone as it is, a gate would stop it"
    return f"{_ASK}, or deliver it as it is: these records would stand aside, the others reach silver"
