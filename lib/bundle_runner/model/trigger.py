"""What starts a job besides a schedule."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bundle_runner.model.base import Strict

PauseStatus = Literal["PAUSED", "UNPAUSED"]


class Periodic(Strict):
    """Again and again after the same time."""

    interval: int = Field(ge=1)
    unit: Literal["HOURS", "DAYS", "WEEKS"]


class FileArrival(Strict):
    """When files arrive that were not there before."""

    url: str
    min_time_between_triggers_seconds: int = Field(default=0, ge=0)
    wait_after_last_change_seconds: int = Field(default=0, ge=0)


class TriggerSettings(Strict):
    """One of several kinds of trigger; those of tables and models mean something in a workspace only."""

    pause_status: PauseStatus | None = None
    periodic: Periodic | None = None
    file_arrival: FileArrival | None = None
    table_update: dict[str, Any] | None = None
    table: dict[str, Any] | None = None
    model: dict[str, Any] | None = None


class Continuous(Strict):
    """As soon as the last run has ended."""

    pause_status: PauseStatus | None = None
    task_retry_mode: Literal["NEVER", "ON_FAILURE"] | None = None
