"""What silver would make of a record's texts, as far as one record can tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sales_lakehouse.quality.alone import expected, is_judged_alone, keeps
from sales_lakehouse.specs import Rule, SilverSpec, SourceSpec
from sales_lakehouse.specs.judgement import Mapping
from sales_lakehouse.spelling import Spelling, Value, is_known, prepared, read_text, spelling_of

Record = dict[str, str | None]
Values = dict[str, Value | None]
_SHOWN = 60


@dataclass(frozen=True)
class Judge:
    """One source's way to its silver table, and the business date that a delivery's name says."""

    source: SourceSpec
    table: SilverSpec
    day: date | None

    def reasons(self, record: Record) -> list[str]:
        """Return why a record would go to quarantine, each reason once; none where nothing speaks against it."""
        deleted = self.source.silver.deleted
        if deleted and record[deleted.column] in deleted.values:
            return []  # a tombstone: no rule asks for more than its name, and that only the run can judge
        found = (reason for item in _items(record, self.source) for reason in self._of_row(record, item))
        return list(dict.fromkeys(found))

    def stops(self, record: Record) -> list[str]:
        """Return the rules that a record, though kept, would break and that stop the gate, each once."""
        if not any(rule.severity == "stop" for rule in self._judged_now):
            return []
        rows = [self._values_of(record, item) for item in _items(record, self.source)]
        return [rule.name for rule in self._judged_now if rule.severity == "stop" and not _all_keep(rule, rows)]

    def later(self) -> tuple[str, ...]:
        """Return what only the run can judge: rules in SQL or over several rows, unknown times and entities."""
        unknown = [f"{name}_is_readable" for name in self.source.silver.columns if name not in self._known]
        later = (rule.name for rule in self._rules if rule not in self._judged_now)
        return *unknown, *later, *self.source.silver.held_rules

    @cached_property
    def _known(self) -> dict[str, tuple[Mapping, str, Spelling]]:
        """Return the silver columns whose texts can be read here, each with its type and its spelling."""
        columns = self.source.silver.columns.items()
        every = {name: (m, self.table.type_of(name), spelling_of(m, self.source)) for name, m in columns}
        return {name: how for name, how in every.items() if is_known(*how[1:])}

    @cached_property
    def _rules(self) -> list[Rule]:
        return [rule for rule in (*self.table.rules, *self.source.silver.rules) if rule.severity != "warn"]

    @cached_property
    def _judged_now(self) -> list[Rule]:
        there = {"source", *self._known}
        alone = (rule for rule in self._rules if is_judged_alone(rule) and there.issuperset(rule.columns))
        return [rule for rule in alone if rule.kind not in ("in_set", "matches") or self._are_texts(rule.columns)]

    def _are_texts(self, columns: tuple[str, ...]) -> bool:
        """Tell whether Spark and Python write the columns' values alike, which rules about texts compare."""
        return all(self.table.type_of(column) in ("STRING", "INT", "BIGINT") for column in columns)

    def _of_row(self, record: Record, item: Record) -> Iterator[str]:
        values, lost = self._values_of(record, item), set()
        for name, (mapping, type_name, _) in self._known.items():
            text = None if mapping.number_within else _text_of(mapping, record, item)
            if text is not None and values[name] is None:
                lost.add(name)
                yield f"{name}: {text[:_SHOWN]!r} is not exactly readable as {type_name}"
        yield from self._broken(values, lost)
        yield from self._outside(values)

    def _values_of(self, record: Record, item: Record) -> Values:
        values: Values = {"source": self.source.source}
        for name, (mapping, type_name, spelling) in self._known.items():
            text = "1" if mapping.number_within else _text_of(mapping, record, item)
            values[name] = None if text is None else read_text(text, type_name, spelling)
        return values

    def _broken(self, values: Values, lost: set[str]) -> Iterator[str]:
        """Name the rules that values break; of one that cannot be read, that is the reason, not the rules."""
        for rule in (rule for rule in self._judged_now if rule.severity == "error"):
            columns = [column for column in rule.columns if column not in lost]
            if not all(keeps(rule, values[column]) for column in columns):
                shown = ", ".join(_shown(column, values[column]) for column in columns)
                asked = expected(rule)
                yield f"rule {rule.name}: {shown}{f', expected {asked}' if asked else ''}"

    def _outside(self, values: Values) -> Iterator[str]:
        """Hold a row's date against the date that the file states."""
        scope = self.source.silver.scope
        value = values.get(scope.column or "")
        if scope.kind == "slice" and self.day and value is not None and value != self.day:
            yield f"{scope.column} {value} is outside the file's {self.day}"


def _all_keep(rule: Rule, rows: list[Values]) -> bool:
    return all(keeps(rule, values[column]) for values in rows for column in rule.columns)


def _shown(column: str, value: Value | None) -> str:
    return f"{column} is empty" if value is None else f"{column} is {str(value)[:_SHOWN]}"


def _items(record: Record, source: SourceSpec) -> list[Record]:
    """Return the elements of the list that the source explodes; without one a single empty element."""
    explode = source.silver.explode
    try:
        listed: Any = json.loads(record[explode] or "null") if explode else None
    except ValueError:
        listed = None  # a text that is no JSON is no list: its row has no values, as in silver
    elements = listed if isinstance(listed, list) else [listed]
    return [element if isinstance(element, dict) else {} for element in elements or [None]]


def _text_of(mapping: Mapping, record: Record, item: Record) -> str | None:
    if mapping.value is not None:
        return mapping.value
    origin = mapping.from_ or ""
    found: Any = item.get(origin.split(".", 1)[1]) if "." in origin else record[origin]
    text = found if isinstance(found, str | None) else json.dumps(found, ensure_ascii=False)
    return prepared(text, mapping)
