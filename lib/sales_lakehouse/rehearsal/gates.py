"""Whether a gate would stop a delivery that came alone: by its share of records aside, by a rule, or as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from sales_lakehouse.rehearsal.delivery import Rehearsal
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.wording import counted


def stopped_by(verdict: Rehearsal, source: SourceSpec) -> list[str]:
    """Return which gates a delivery would stop on its own, each with the rule or the share; none where all let it pass.

    A gate judges the share over all records of the source in a run, so others beside may let it through.
    """
    return [] if verdict.not_landed else list(_stops(verdict, source))


def share_in_words(verdict: Rehearsal, source: SourceSpec) -> str:
    """Say which part of the records would stand aside, and how much is let through."""
    told = [_told(*share) for share in _shares(verdict, source) if share[1]]
    return " and ".join(told)


def _stops(verdict: Rehearsal, source: SourceSpec) -> Iterator[str]:
    if verdict.broken:
        until = "every run until it is settled" if source.on_breaking == "stop" else "the run in which it appears"
        yield f"gate_bronze, in {until}: the unit breaks its contract"
        return
    for share in _shares(verdict, source):
        gate, part, whole, _, limit = share
        if whole and 100 * part / whole > limit:
            yield f"{gate}: {_told(*share)}"
    for rule, count in verdict.stops.items():
        yield f"gate_silver: {counted(count, 'record', 'break')} rule {rule}, whose severity is stop"


def _shares(verdict: Rehearsal, source: SourceSpec) -> list[tuple[str, int, int, str, float]]:
    """Return gate, part, whole, word and limit of each share; silver judges what bronze could read."""
    readable = verdict.found - verdict.refused
    return [
        ("gate_bronze", verdict.refused, verdict.found, "refused", source.max_refused_pct),
        ("gate_silver", verdict.quarantined, readable, "quarantined", source.max_quarantined_pct),
    ]


def _told(_: str, part: int, whole: int, word: str, limit: float) -> str:
    share = f"{part:,} of {counted(whole, 'record')} {word} ({100 * part / whole:.1f} %)"
    return f"{share}, at most {limit:g} % are let through"
