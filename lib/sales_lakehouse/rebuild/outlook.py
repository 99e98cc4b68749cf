"""What would differ if dates were made anew: candidates that nobody promotes, held against what is published."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from tempfile import TemporaryDirectory

from pyspark.sql import DataFrame

from sales_lakehouse import verdicts
from sales_lakehouse.candidates import Candidate, build_candidate, tables_with_work
from sales_lakehouse.contracts import refused_changes
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.opening import open_lakehouse
from sales_lakehouse.plan import Plan
from sales_lakehouse.promotion import touched_dates
from sales_lakehouse.quality import Finding
from sales_lakehouse.rebuild.difference import compare_aside, compare_gold, compare_silver
from sales_lakehouse.recording import looked_at, open_units, slices_to_rebuild
from sales_lakehouse.reopened import Rebuild, read_rebuild
from sales_lakehouse.run import Run
from sales_lakehouse.session import spark_for_now
from sales_lakehouse.specs import GoldSpec
from sales_lakehouse.stages.gold import build_gold
from sales_lakehouse.stages.silver import select_changes, silver_ddl
from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.wording import few

Told = Generator[str, None, int | None]
"""Lines as they are found; at the end why a run is of no use: 0 nothing would differ, 3 a gate would stop it."""


def foresee(run: Run, asked: Rebuild) -> Told:
    """Say what silver and gold would gain, change and lose, and which gate would stop it.

    Candidates go to a folder of their own: the lakehouse stays as it is.
    Raises: ParameterError where a contract would make a published table lose something.
    """
    if not asked.dates and not asked.waiting:
        return 0
    with spark_for_now() as spark, TemporaryDirectory(prefix="rebuild-") as scratch:
        lakehouse = open_lakehouse(spark, run, _plan_of(run, asked), scratch)
        if refused := refused_changes(lakehouse, run.pipelines):
            raise ParameterError(f"{'; '.join(refused)}; take that back in pipelines/; nothing was asked for")
        return (yield from Outlook(lakehouse, run, asked).in_words())


@dataclass(frozen=True)
class Outlook:
    """Silver and gold as they would be."""

    lakehouse: Lakehouse
    run: Run
    asked: Rebuild

    def in_words(self) -> Told:
        """Say of each table what would differ; then what else is touched, and what would stop it."""
        differs = bool(read_rebuild(self.run).dates)
        for candidate in self.candidates.values():
            for difference in (compare_silver(candidate), compare_aside(self.lakehouse, candidate)):
                differs = differs or difference.differs
                yield from difference.in_words()
        findings = [finding for candidate in self.candidates.values() for finding in self._judge_silver(candidate)]
        outside = sorted({day for days in self.touched.values() for day in days} - {*self.asked.dates})
        for gold in (gold for gold in self.run.pipelines.gold.values() if self.slices[gold.table]):
            rows_df, silver, days = self._build(gold)
            difference = compare_gold(self.lakehouse, gold, rows_df, days)
            differs = differs or difference.differs
            yield from difference.in_words()
            findings += verdicts.judge_gold(rows_df, silver, gold, self.run.pipelines.silver, days)
        if outside:
            yield f"units are judged whole: {few(outside)} outside of the range would change, too"
        stops = [f"would stop: {stop.table} {stop.rule}: {stop.told}" for stop in findings if stop.stops]
        yield from stops
        if any(not stop.rule.endswith("_within_limit") for stop in findings if stop.stops):
            yield "a gate judges the whole table: take a range that holds all rows it names, or change the rule"
        return 3 if stops else None if differs else 0

    @cached_property
    def candidates(self) -> dict[str, Candidate]:
        """Return the judged tables: those of which units are judged again."""
        units_df = open_units(self.lakehouse, _plan_of(self.run, self.asked))
        silver = self.run.pipelines.silver
        return {
            name: build_candidate(self.lakehouse, self.run, silver[name], units_df)
            for name in tables_with_work(self.run, units_df)
        }

    @cached_property
    def silver(self) -> dict[str, DataFrame]:
        """Return every silver table as it would be."""
        return {
            name: self.candidates[name].future_df
            if name in self.candidates
            else self.lakehouse.read_or_empty(f"silver.{name}", silver_ddl(table))
            for name, table in self.run.pipelines.silver.items()
        }

    @cached_property
    def touched(self) -> dict[str, list[str]]:
        """Return the business dates whose facts would change, by the silver table that changes."""
        changes = {
            name: select_changes(candidate.published_df, candidate.rows_df, candidate.table)
            for name, candidate in self.candidates.items()
        }
        silver = self.run.pipelines.silver
        return {name: touched_dates(self.lakehouse, self.run, silver[name], df) for name, df in changes.items()}

    @cached_property
    def slices(self) -> dict[str, list[str]]:
        """Return the dates that each gold table would build."""
        pending = slices_to_rebuild(self.lakehouse, self.run, self.asked.dates)
        return {
            gold.table: sorted({*pending[gold.table], *self._reached(gold)})
            for gold in self.run.pipelines.gold.values()
        }

    def _reached(self, gold: GoldSpec) -> Iterator[str]:
        """Yield the dates whose slices look at what would change; a date of which nothing is known has no slice."""
        known = set().union(*(self._dates(name) for name in gold.reads))
        for day in {date.fromisoformat(day) for name in gold.reads for day in self.touched.get(name, ())}:
            yield str(day)
            ahead = (day + timedelta(days=days) for days in range(1, gold.lookback_days + 1))
            yield from (str(other) for other in ahead if other in known)

    def _dates(self, name: str) -> set[date]:
        column = self.run.pipelines.silver[name].slice
        return {row[0] for row in self.silver[name].select(column).distinct().collect()} if column else set()

    def _build(self, gold: GoldSpec) -> tuple[DataFrame, dict[str, DataFrame], list[str]]:
        days = self.slices[gold.table]
        silver = looked_at(self.silver, self.run, gold, days)
        self.lakehouse.overwrite(f"candidates.{gold.table}", build_gold(silver, gold, days))
        return self.lakehouse.read(f"candidates.{gold.table}"), silver, days

    def _judge_silver(self, candidate: Candidate) -> list[Finding]:
        sources = self.run.pipelines.sources_of(candidate.table.table)
        return [*verdicts.judge_silver(candidate, whole=True), *verdicts.judge_shares(candidate, sources)]


def _plan_of(run: Run, asked: Rebuild) -> Plan:
    """Return a plan that judges what is asked for, and nothing that is open."""
    store, sources = LandingStore(run.landing_root), run.pipelines.sources
    reopened = {source: store.reopened(source, [], asked.units(source)) for source in sources}
    return Plan({source: [] for source in sources}, definitions_changed=False, landed=0, reopened=reopened)
