"""What there is to do, read from the landing folder alone: no Spark is needed to find that nothing is new."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.run import Run


@dataclass(frozen=True)
class Plan:
    """The open units of each source, and whether rules or SQL changed since the last finished run."""

    units: dict[str, list[Manifest]]
    definitions_changed: bool
    landed: int

    @property
    def work(self) -> int:
        """Return how many things are to do; 0 skips the middle of the job."""
        return sum(map(len, self.units.values())) + int(self.definitions_changed)

    def in_words(self) -> str:
        """Say what is to do in one line."""
        if not self.landed:
            return "nothing has landed yet"
        if not self.work:
            return "nothing is new: every landed unit is applied, no rule and no SQL changed"
        parts = [f"{source} {len(units)} units" for source, units in self.units.items() if units]
        return ", ".join([*parts, *(["rules or SQL changed"] if self.definitions_changed else [])])


def make_plan(run: Run) -> Plan:
    """List the units that are not yet applied, by source."""
    store = LandingStore(run.landing_root)
    units = {source: store.open_units(source, run.business_date) for source in run.pipelines.sources}
    landed = sum(len(store.manifests(source)) for source in run.pipelines.sources)
    finished = _read_fingerprint(run)
    return Plan(units, finished is not None and finished != run.pipelines.fingerprint, landed)


def finish(run: Run) -> None:
    """Note that gold was built under today's rules and SQL."""
    path = _fingerprint_path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"run_id": run.run_id, "pipelines": run.pipelines.fingerprint}))


def _read_fingerprint(run: Run) -> str | None:
    path = _fingerprint_path(run)
    return str(json.loads(path.read_text())["pipelines"]) if path.exists() else None


def _fingerprint_path(run: Run) -> Path:
    return Path(run.lakehouse_root) / "ops" / "finished.json"
