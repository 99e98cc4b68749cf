"""What a run or a task is expected to keep to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bundle_runner.model.base import Strict


class HealthRule(Strict):
    """A figure and the limit above which somebody is warned; only the duration means something on a laptop."""

    metric: Literal[
        "RUN_DURATION_SECONDS",
        "STREAMING_BACKLOG_BYTES",
        "STREAMING_BACKLOG_FILES",
        "STREAMING_BACKLOG_RECORDS",
        "STREAMING_BACKLOG_SECONDS",
    ]
    op: Literal["GREATER_THAN"]
    value: int = Field(ge=0)


class Health(Strict):
    """The health rules of a job or a task."""

    rules: tuple[HealthRule, ...] = ()
