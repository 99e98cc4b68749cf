"""What there is to do, read from the landing folder alone: no Spark is needed to find that nothing is new."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from sales_lakehouse.files import read_json, write_json
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.reopened import read_rebuild
from sales_lakehouse.run import Run
from sales_lakehouse.wording import counted, few


@dataclass(frozen=True)
class Plan:
    """The open units of each source, what is judged again, and whether rules or SQL changed since the last run.

    `rebuilt` are the dates that a rebuild asks to be made anew; it and repairs have applied units `reopened`.
    `unsettled` are the quarantined units of sources that stop every run until somebody decides about them.
    """

    units: dict[str, list[Manifest]]
    definitions_changed: bool
    landed: int
    half_promoted: bool = False
    reopened: dict[str, list[Manifest]] = field(default_factory=dict)
    unsettled: tuple[Manifest, ...] = ()
    rebuilt: tuple[str, ...] = ()

    @property
    def judged(self) -> dict[str, list[Manifest]]:
        """Return the units that silver judges: the open ones, and those that are judged again."""
        return {source: [*units, *self.reopened.get(source, [])] for source, units in self.units.items()}

    @property
    def reopened_ids(self) -> list[str]:
        """Return the units that are judged once more where they are applied.

        A run whose last gate stopped leaves its units open: a repair among them, or one that mends them, is judged with
        all that belongs to it, or the record that it mends would be judged without it.
        """
        asked = {unit.unit_id for of_source in self.reopened.values() for unit in of_source}
        repairs = [unit for of_source in self.judged.values() for unit in of_source if unit.repairs]
        return sorted(asked.union(*({repair.unit_id, *repair.repairs} for repair in repairs)))

    @property
    def work(self) -> int:
        """Return how many things are to do; 0 skips the middle of the job."""
        others = int(self.definitions_changed) + int(self.half_promoted) + len(self.unsettled) + len(self.rebuilt)
        return sum(map(len, self.units.values())) + others

    def in_words(self) -> str:
        """Say what is to do in one line."""
        if not self.landed and not self.work:
            return "nothing has landed yet"
        if not self.work:
            return "nothing is new: every landed unit is applied, no rule and no SQL changed"
        parts = [f"{source} {counted(len(units), 'unit')}" for source, units in self.units.items() if units]
        parts += ["rules or SQL changed"] * self.definitions_changed + ["a promotion to finish"] * self.half_promoted
        parts += [f"{counted(len(self.unsettled), 'quarantined unit')} to settle"] * bool(self.unsettled)
        parts += [f"to make anew: {few(self.rebuilt)}"] * bool(self.rebuilt)
        return ", ".join(parts)


def make_plan(run: Run) -> Plan:
    """List the units that are not yet applied, by source."""
    store = LandingStore(run.landing_root)
    units = {source: store.open_units(source, run.business_date) for source in run.pipelines.sources}
    landed = sum(len(store.manifests(source)) for source in run.pipelines.sources)
    finished = _read_fingerprint(run)
    changed = finished is not None and finished != run.pipelines.fingerprint
    rebuild = read_rebuild(run)
    reopened = {source: store.reopened(source, of_source, rebuild.units(source)) for source, of_source in units.items()}
    stopping = [name for name, source in run.pipelines.sources.items() if source.on_breaking == "stop"]
    unsettled = tuple(unit for name in stopping for unit in store.unsettled_units(name))
    return Plan(units, changed, landed, read_intent(run) is not None, reopened, unsettled, (*rebuild.dates,))


@dataclass(frozen=True)
class Intent:
    """A promotion of several tables that has begun: whose candidates, which tables, and the units they hold."""

    run_id: str
    tables: list[str]
    units: list[str]


def write_intent(run: Run, intent: Intent) -> None:
    """Note that a promotion begins."""
    write_json(_intent_path(run), asdict(intent))


def read_intent(run: Run) -> Intent | None:
    """Return the promotion that has begun and not ended."""
    noted = read_json(_intent_path(run))
    return Intent(**noted) if noted else None


def end_intent(run: Run) -> None:
    """Note that all tables of the promotion are published."""
    _intent_path(run).unlink(missing_ok=True)


def _intent_path(run: Run) -> Path:
    return Path(run.lakehouse_root) / "ops" / "promotion.json"


def finish(run: Run) -> None:
    """Note that gold was built under today's rules and SQL."""
    write_json(_fingerprint_path(run), {"run_id": run.run_id, "pipelines": run.pipelines.fingerprint})


def _read_fingerprint(run: Run) -> str | None:
    return read_json(_fingerprint_path(run)).get("pipelines")


def _fingerprint_path(run: Run) -> Path:
    return Path(run.lakehouse_root) / "ops" / "finished.json"
