"""A job: parameters, clusters, tasks, and when it runs."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from bundle_runner.model.base import Strict, Text
from bundle_runner.model.cluster import Environment, JobCluster
from bundle_runner.model.health import Health
from bundle_runner.model.notifications import Told
from bundle_runner.model.task import Task
from bundle_runner.model.trigger import Continuous, PauseStatus, TriggerSettings


class JobParameter(Strict):
    """A value that every notebook of the job receives."""

    name: str
    default: Text = ""


class Schedule(Strict):
    """A Quartz cron expression in a time zone."""

    quartz_cron_expression: str
    timezone_id: str
    pause_status: PauseStatus | None = None


class Queue(Strict):
    """Whether a run waits while as many run as may."""

    enabled: bool


class Job(Told):
    """One job of the bundle. What only a deployment needs is accepted as it is."""

    later: ClassVar[frozenset[str]] = frozenset({"git_source"})
    tasks: tuple[Task, ...] = Field(min_length=1)
    name: str | None = None
    description: str | None = None
    parameters: tuple[JobParameter, ...] = ()
    job_clusters: tuple[JobCluster, ...] = ()
    environments: tuple[Environment, ...] = ()
    timeout_seconds: int = Field(default=0, ge=0)
    max_concurrent_runs: int | None = Field(default=None, ge=0)
    queue: Queue | None = None
    schedule: Schedule | None = None
    trigger: TriggerSettings | None = None
    continuous: Continuous | None = None
    health: Health | None = None
    tags: dict[str, Text] = Field(default_factory=dict)
    parent_path: str | None = None
    permissions: Any = None
    run_as: Any = None
    budget_policy_id: str | None = None
    usage_policy_id: str | None = None
    performance_target: str | None = None
    deployment: Any = None
    edit_mode: str | None = None
    format: str | None = None
    lifecycle: Any = None
