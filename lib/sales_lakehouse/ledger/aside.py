"""A record that stopped on its way: why, what became of it since, and what is to do now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.ledger.query import columns_of, literal, select
from sales_lakehouse.ledger.reach import Step
from sales_lakehouse.specs import Pipelines, SourceSpec

_UNIT_NEXT = {
    None: "it waits: `lakehouse run sales_daily` applies it",
    "held": "it is held: `lakehouse units release {unit}` makes it work again",
    "refused": "its unit was refused: a corrected delivery under the same name can take its place",
    "quarantined": "its unit stands aside as a whole: ask for a corrected file under the same name, or mend the "
    "source's file and then `lakehouse units release {unit}`",
}
_GIVE_BACK = (
    "ask for a corrected delivery under the same name, or give the record back corrected: "
    "`lakehouse quarantine export --source {source} --out form.csv`"
)


@dataclass(frozen=True)
class Stopped:
    """The records of a source that did not reach silver, and the units that took the place of theirs."""

    root: Path
    pipelines: Pipelines
    source: SourceSpec
    corrections: dict[str, Manifest]
    manifests: dict[str, Manifest]

    def unread(self, row: dict[str, Any]) -> Iterator[Step]:
        """Tell of a record that bronze could not read, or whose unit stands aside as a whole."""
        yield Step("stopped", f"bronze.{self.source.source}, record {row['_record_no']}: {row['_reason']}")
        if row["_kind"] == "quarantined":
            yield from self._next_of_unit(row["_unit_id"], self._state(row["_unit_id"]) or "quarantined")
        else:
            yield from self._since(row)

    def waiting(self, row: dict[str, Any]) -> Iterator[Step] | None:
        """Tell of a record whose unit is not applied; None where it is."""
        state = self._state(row["_unit_id"])
        return None if state == "applied" else self._not_applied(row["_unit_id"], state)

    def judged(self, row: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[Step]:
        """Tell of a record that broke rules; `rows` are its rows in quarantine."""
        yield Step("stopped", f"quarantine.{self.source.silver.table}: {self._broken(rows)}")
        yield from self._since(row, self._next_of(row, rows))

    def _next_of(self, row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
        """Say what is to do for a record whose rows broke rules, as long as nothing has taken its place."""
        broken = {name for found in rows for name in found["_errors"]}
        if self.source.silver.only_waits(broken):
            if self._state(row["_unit_id"]) == "applied":
                return "nothing is to do: the run that brings what it waits for takes it in"
            return (
                "a gate stopped the run that judged its unit: have that mended, `lakehouse run sales_daily` judges it "
                "again; then it waits for what it names"
            )
        if broken.isdisjoint(self.pipelines.labels_of(self.source)):
            return (
                "no rule of today says so: `lakehouse backfill sales_daily --from DATE --to DATE --rebuild` judges its "
                "date again"
            )
        return _GIVE_BACK.format(source=self.source.source)

    def _since(self, row: dict[str, Any], next_step: str = "") -> Iterator[Step]:
        """Tell whether a repair or a corrected delivery has taken the record's place; else what is to do."""
        again, by = self._repair_of(row), self.corrections.get(row["_unit_id"])
        repair = self.manifests[again["_unit_id"]] if again else None
        if by and (repair is None or repair.received_at < by.received_at):
            yield from self._corrected(by)
            return
        if again is not None and repair is not None:
            name = repair.in_words()
            broken = self._rows_aside(again)
            if not broken:
                yield Step("repaired", f"{name} stands in for it; nothing is to do")
                return
            if self.source.silver.only_waits({rule for found in broken for rule in found["_errors"]}):
                yield Step("repaired", f"{name} stands in for it, and waits: {self._broken(broken)}")
                yield Step("next", self._next_of(again, broken))
                return
            yield Step("repaired", f"in vain: {name} was to stand in for it and is wrong again: {self._broken(broken)}")
        yield Step("next", next_step or _GIVE_BACK.format(source=self.source.source))

    def _next_of_unit(self, unit_id: str, state: str | None) -> Iterator[Step]:
        by = self.corrections.get(unit_id)
        if by is not None and state in ("quarantined", "held"):
            yield from self._corrected(by)
        else:
            yield Step("next", _UNIT_NEXT[state].format(unit=unit_id[:12]))

    def _corrected(self, by: Manifest) -> Iterator[Step]:
        state = self._store.state(by)
        yield Step("corrected", f"by {by.in_words()}{'; nothing is to do' if state == 'applied' else ''}")
        if state != "applied":
            yield Step("next", f"of that one, {_UNIT_NEXT[state].format(unit=by.unit_id[:12])}")

    def _not_applied(self, unit_id: str, state: str | None) -> Iterator[Step]:
        yield Step("stopped", f"bronze: the unit is {state or 'recorded, and not applied yet'}")
        yield from self._next_of_unit(unit_id, state)

    def _repair_of(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Return the bronze row of the newest applied repair that names the record; none for that repair itself."""
        table = f"bronze.{self.source.source}"
        if "_repairs_unit" not in columns_of(self.root, table):
            return None
        unit, number = row.get("_repairs_unit") or row["_unit_id"], row.get("_repairs_no") or row["_record_no"]
        where = f"_kind = 'record' AND _repairs_unit = {literal(unit)} AND _repairs_no = {number}"
        found = select(self.root, f"SELECT _unit_id, _record_no FROM b WHERE {where}", b=table)
        applied = [
            one for one in found if one["_unit_id"] in self.manifests and self._state(one["_unit_id"]) == "applied"
        ]
        newest = max(
            applied, key=lambda one: (self.manifests[one["_unit_id"]].received_at, one["_record_no"]), default=None
        )
        return None if newest and newest["_unit_id"] == row["_unit_id"] else newest

    def _state(self, unit_id: str) -> str | None:
        """Return a unit's state; one whose manifest is gone was applied once."""
        unit = self.manifests.get(unit_id)
        return self._store.state(unit) if unit else "applied"

    def _rows_aside(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        return rows_of(self.root, self.source, f"quarantine.{self.source.silver.table}", row)

    def _broken(self, rows: list[dict[str, Any]]) -> str:
        """Name the rules that rows broke, each with its reason."""
        table = self.pipelines.silver[self.source.silver.table]
        because = {
            **{rule.name: rule.because for rule in (*table.rules, *self.source.silver.rules)},
            **{
                rule: f"it waits until {table.dimension_of(column)} knows its {column}, as its source says hold_unknown"
                for rule, column in self.source.silver.held_rules.items()
            },
        }
        names = sorted({name for found in rows for name in found["_errors"]})
        return "; ".join(
            f"{name} ({because[name]})" if because.get(name) else f"{name}{_unruled(name)}" for name in names
        )

    @property
    def _store(self) -> LandingStore:
        return LandingStore(self.root / "landing")


def rows_of(root: Path, source: SourceSpec, table: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the typed rows of a table that a bronze row became."""
    where = f"source = {literal(source.source)} AND _unit_id = {literal(row['_unit_id'])}"
    sql = f"SELECT * FROM t WHERE {where} AND _record_no = {row['_record_no']} ORDER BY _row_no"
    return select(root, sql, t=table)


def _unruled(name: str) -> str:
    """Explain the labels that no rule declares: conforming itself gives them."""
    if name.endswith("_is_readable"):
        return " (its text cannot be read exactly as the column's type)"
    return " (the date in the record is not that of its file)" if name.endswith("_is_the_unit_s") else ""
