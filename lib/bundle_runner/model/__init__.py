"""The bundle and its jobs as frozen values."""

from __future__ import annotations

from bundle_runner.model.bundle_file import (
    BundleFile,
    BundleSettings,
    Target,
    Variable,
    Workspace,
)
from bundle_runner.model.cluster import Environment, JobCluster, NewCluster
from bundle_runner.model.health import Health, HealthRule
from bundle_runner.model.job import Job, JobParameter, Schedule
from bundle_runner.model.notifications import NotificationSettings, Told
from bundle_runner.model.task import (
    ConditionTask,
    Dependency,
    ForEachTask,
    LeftOut,
    NotebookTask,
    PythonWheelTask,
    RunIf,
    RunJobTask,
    SparkPythonTask,
    SqlFile,
    SqlTask,
    Task,
    outline,
)

__all__ = [
    "BundleFile",
    "BundleSettings",
    "ConditionTask",
    "Dependency",
    "Environment",
    "ForEachTask",
    "Health",
    "HealthRule",
    "Job",
    "JobCluster",
    "JobParameter",
    "LeftOut",
    "NewCluster",
    "NotebookTask",
    "NotificationSettings",
    "PythonWheelTask",
    "RunIf",
    "RunJobTask",
    "Schedule",
    "SparkPythonTask",
    "SqlFile",
    "SqlTask",
    "Target",
    "Task",
    "Told",
    "Variable",
    "Workspace",
    "outline",
]
