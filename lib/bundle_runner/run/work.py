"""What there is to do: notebooks and programs, on which cluster, and what belongs to a task of several attempts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle_runner.model import Job, Task
from bundle_runner.notebooks.file import NotebookFile
from bundle_runner.record.records import AttemptRecord
from bundle_runner.spark.cluster import ClusterSpec


@dataclass(frozen=True)
class Place:
    """A notebook on its cluster: what is known of an attempt long before it starts."""

    notebook: NotebookFile
    cluster: ClusterSpec


@dataclass(frozen=True)
class Notebook:
    """A notebook and the values that one attempt gives it."""

    place: Place
    values: Mapping[str, str]


@dataclass(frozen=True)
class Program:
    """The words of a program's process in one attempt, the folder in which it runs, and its cluster."""

    words: tuple[str, ...]
    home: Path
    cluster: ClusterSpec


@dataclass(frozen=True)
class Work:
    """Something to bring to its end: a task, or one iteration of one. `start` says what the n-th attempt starts."""

    name: str
    body: Task
    start: Callable[[int], Notebook | Program]
    folder: Path
    upstream: Mapping[str, Any]
    earlier: tuple[AttemptRecord, ...] = ()


def cluster_of(task: Task, body: Task, job: Job) -> ClusterSpec:
    """Return the cluster on which a task's notebook runs; tasks that name none share one."""
    own = body.new_cluster or task.new_cluster
    if own:
        return ClusterSpec(f"task-{task.task_key}", own.spark_conf, own.spark_env_vars)
    environment = body.environment_key or task.environment_key
    if environment:
        return ClusterSpec(f"environment-{environment}", serverless=True)
    key = body.job_cluster_key or task.job_cluster_key
    for cluster in job.job_clusters:
        if cluster.job_cluster_key == key:
            return ClusterSpec(key, cluster.new_cluster.spark_conf, cluster.new_cluster.spark_env_vars)
    return ClusterSpec("default")
