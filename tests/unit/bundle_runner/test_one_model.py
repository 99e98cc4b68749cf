"""The runner and lint know the same fields: what one accepts the other does not refuse."""

from __future__ import annotations

import pytest

from bundle_runner.lint.shapes import shapes
from bundle_runner.model import BundleFile, Job, Task, bundle_file, cluster, health, job, notifications, task, trigger
from bundle_runner.model.base import Strict

MODELS: dict[str, type[Strict]] = {
    "file": BundleFile,
    "bundle": bundle_file.BundleSettings,
    "workspace": bundle_file.Workspace,
    "target": bundle_file.Target,
    "variable": bundle_file.Variable,
    "job": Job,
    "parameter": job.JobParameter,
    "queue": job.Queue,
    "schedule": job.Schedule,
    "continuous": trigger.Continuous,
    "trigger": trigger.TriggerSettings,
    "periodic": trigger.Periodic,
    "file_arrival": trigger.FileArrival,
    "emails": notifications.EmailNotifications,
    "webhooks": notifications.WebhookNotifications,
    "webhook": notifications.Webhook,
    "notification_settings": notifications.NotificationSettings,
    "health": health.Health,
    "health_rule": health.HealthRule,
    "job_cluster": cluster.JobCluster,
    "environment": cluster.Environment,
    "environment_spec": cluster.EnvironmentSpec,
    "cluster": cluster.NewCluster,
    "library": cluster.Library,
    "pypi": cluster.PyPi,
    "task": Task,
    "dependency": task.Dependency,
    "condition": task.ConditionTask,
    "for_each": task.ForEachTask,
    "notebook": task.NotebookTask,
    "spark_python": task.SparkPythonTask,
    "python_wheel": task.PythonWheelTask,
    "run_job": task.RunJobTask,
    "sql": task.SqlTask,
    "sql_file": task.SqlFile,
}


@pytest.mark.parametrize("name", MODELS)
def test_lint_and_the_runner_know_the_same_fields(name: str) -> None:
    model = MODELS[name]
    assert set(shapes()[name].fields) == set(model.model_fields) | model.later
