"""The parameters of one step, checked once at the edge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.specs import Pipelines, load_pipelines

_DELIVERIES = ("files", "rest")


@dataclass(frozen=True)
class Run:
    """One run of the chain: who runs, when, on which lakehouse, for which date."""

    run_id: str
    started_at: datetime
    lakehouse_root: str
    inbox_root: Path
    pipelines_root: Path
    connections: dict[str, str]
    business_date: date | None
    deliveries: str = ""

    @classmethod
    def of(cls, parameters: dict[str, str]) -> Run:
        """Turn a notebook's text parameters into values.

        Raises: ParameterError for a missing, unknown or unreadable parameter, before anything is read.
        """
        needed = ("run_id", "lakehouse_root", "inbox_root", "pipelines_root")
        missing = [name for name in needed if not parameters.get(name)]
        if missing:
            raise ParameterError(f"parameter {', '.join(missing)} is empty; `lakehouse run sales_daily` gives it")
        return cls(
            run_id=parameters["run_id"],
            started_at=_instant(parameters.get("started_at", "")),
            lakehouse_root=parameters["lakehouse_root"].rstrip("/"),
            inbox_root=Path(parameters["inbox_root"]),
            pipelines_root=Path(parameters["pipelines_root"]),
            connections=_connections(parameters.get("connections") or "{}"),
            business_date=_date(parameters.get("business_date", "")),
            deliveries=_deliveries(parameters.get("deliveries", "")),
        )

    @cached_property
    def pipelines(self) -> Pipelines:
        """Read all declarations; a broken one stops the step here."""
        return load_pipelines(self.pipelines_root)

    @property
    def sources_to_land(self) -> list[str]:
        """Return the names of the sources that this run reads: all, or those of one kind of delivery."""
        wanted = {self.deliveries} if self.deliveries else {*_DELIVERIES}
        return [name for name, source in self.pipelines.sources.items() if source.delivery.kind in wanted]

    @property
    def stamp(self) -> tuple[str, datetime]:
        """Return what every row that this run writes carries: run and time."""
        return self.run_id, self.started_at

    @property
    def landing_root(self) -> Path:
        """Return the folder of the delivered bytes."""
        return Path(self.lakehouse_root) / "landing"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as cause:
        raise ParameterError(
            f"business_date is {text!r}; expected a date like 2011-01-05, or nothing for all new units"
        ) from cause


def _deliveries(text: str) -> str:
    if text not in ("", *_DELIVERIES):
        raise ParameterError(f"deliveries is {text[:40]!r}; expected {', '.join(_DELIVERIES)}, or nothing for all")
    return text


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text) if text else datetime.now(UTC)
    except ValueError as cause:
        raise ParameterError(f"started_at is {text!r}; expected an ISO time like 2011-01-05T06:00:00+00:00") from cause
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _connections(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError as cause:
        raise ParameterError(f"connections is no JSON object of name and base URL: {text[:80]!r}") from cause
    return {str(name): str(url).rstrip("/") for name, url in found.items()}
