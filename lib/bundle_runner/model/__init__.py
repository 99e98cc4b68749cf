"""The bundle and its jobs as frozen values."""

from __future__ import annotations

from bundle_runner.model.bundle_file import (
    BundleFile,
    BundleSettings,
    Target,
    Variable,
    Workspace,
)
from bundle_runner.model.cluster import JobCluster, NewCluster
from bundle_runner.model.job import Job, JobParameter, Schedule
from bundle_runner.model.task import (
    ConditionTask,
    Dependency,
    ForEachTask,
    NotebookTask,
    RunIf,
    RunJobTask,
    Task,
)

__all__ = [
    "BundleFile",
    "BundleSettings",
    "ConditionTask",
    "Dependency",
    "ForEachTask",
    "Job",
    "JobCluster",
    "JobParameter",
    "NewCluster",
    "NotebookTask",
    "RunIf",
    "RunJobTask",
    "Schedule",
    "Target",
    "Task",
    "Variable",
    "Workspace",
]
