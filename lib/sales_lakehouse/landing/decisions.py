"""What people decide about a unit as a whole, noted beside its bytes: who, when, why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.files import append_line, read_lines
from sales_lakehouse.landing.store import LandingStore, Manifest

STATES = {"hold": "held", "release": None, "refuse": "refused"}
"""The state a decision gives a unit; None is work again."""
_FROM = {
    "hold": (None,),
    "release": ("held", "quarantined", "refused"),
    "refuse": (None, "held", "quarantined"),
}
_WHY_NOT = {
    None: "it is work already: the next run takes it",
    "held": "it is held already; `lakehouse units release` makes it work again",
    "quarantined": "it stands aside already; `lakehouse units release` makes it work again",
    "refused": "it is refused already; `lakehouse units release` makes it work again",
    "applied": "it is applied: its rows are published; a corrected delivery under the same name replaces them",
}


@dataclass(frozen=True)
class Decision:
    """One word about a unit. Units: `at` is ISO UTC."""

    word: str
    by: str
    because: str
    at: str

    @classmethod
    def now(cls, word: str, by: str, because: str) -> Decision:
        """Return a decision that is made at this moment."""
        return cls(word, by, because, datetime.now(UTC).isoformat(timespec="seconds"))


def decide(store: LandingStore, unit: Manifest, decision: Decision) -> None:
    """Hold a unit, make it work again or set it aside for good; the bytes stay.

    Raises: ParameterError when the unit's state does not allow it; nothing was changed.
    """
    state = store.state(unit)
    if state not in _FROM[decision.word]:
        raise ParameterError(
            f"{unit.source}, {unit.name}, unit {unit.unit_id[:12]}: cannot {decision.word} it: {_WHY_NOT[state]}; "
            "nothing was changed"
        )
    # The note first: a state that nobody explains would be worse than a note without effect.
    append_line(_path(store, unit), asdict(decision))
    store.set_state(unit, STATES[decision.word])


def decisions_of(store: LandingStore, unit: Manifest) -> list[Decision]:
    """Return what was decided about a unit, oldest first."""
    return [Decision(**noted) for noted in read_lines(_path(store, unit))]


def _path(store: LandingStore, unit: Manifest) -> Path:
    return store.content_path(unit).with_suffix(".decisions")
