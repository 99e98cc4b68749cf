"""Hold the columns of a unit against the agreed ones; say in words how they changed."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from sales_lakehouse.scan.broken import UnitBroken
from sales_lakehouse.specs import SourceSpec

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Layout:
    """The columns of a unit in their order, under the agreed names where they are agreed."""

    names: tuple[str, ...]
    agreed: tuple[str, ...]

    @property
    def extra(self) -> tuple[str, ...]:
        """Return the columns that nobody agreed on."""
        return tuple(name for name in self.names if name not in self.agreed)


def agree(header: Sequence[str], source: SourceSpec) -> Layout:
    """Return the layout that a header stands for.

    Raises: UnitBroken when the source's policy does not let the change pass.
    """
    names = tuple(source.on_change.renamed.get(name, name) for name in header)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnitBroken(f"column {listed(twice)} stands more than once in the header")
    layout, policy = Layout(names, source.columns), source.on_change
    missing = [name for name in source.columns if name not in names]
    if missing and (policy.missing == "quarantine" or len(missing) == len(source.columns)):
        raise UnitBroken(_missing(missing, header, source))
    if layout.extra and policy.added == "quarantine":
        raise UnitBroken(f"column {listed(layout.extra)} is new; the source's on_change.added lets none pass")
    there = [name for name in names if name in source.columns]
    if policy.reordered == "quarantine" and there != [name for name in source.columns if name in names]:
        raise UnitBroken(f"the columns stand in another order: {listed(there)}, agreed are {listed(source.columns)}")
    return layout


def did_you_mean(missing: Sequence[str], found: Sequence[str]) -> str:
    """Return the names that were probably meant, as the end of a sentence; nothing when none comes near."""
    plain = {_plain(name): name for name in found}
    guesses = {}
    for name in missing:
        near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.8)
        if near:
            guesses[name] = plain[near[0]]
    told = ", ".join(f"{guess!r} for {name}" for name, guess in [*guesses.items()][:3])
    return f"; did you mean {told}?" if told else ""


def listed(names: Sequence[str], limit: int = 200) -> str:
    """Join names, at most so many characters of them."""
    text = ", ".join(name or "(no name)" for name in names)
    return text if len(text) <= limit else f"{text[:limit]} … ({len(names):,} in all)"


def _missing(missing: list[str], header: Sequence[str], source: SourceSpec) -> str:
    there = len(source.columns) - len(missing)
    said = (
        f"column {listed(missing)} is missing; the header has {there} of {len(source.columns)} agreed columns "
        f"({listed(header)})"
    )
    if there:
        return said + did_you_mean(missing, header)
    for delimiter in _DELIMITERS:
        if sum(part.strip(' "') in source.columns for part in delimiter.join(header).split(delimiter)) > 1:
            return f"{said}; its fields seem to be delimited by {delimiter!r}, another delimiter than declared"
    if not did_you_mean(missing, header) and len(header) == len(source.columns):
        return f"{said}; the first line looks like a record: there is no header"
    return said + did_you_mean(missing, header)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
