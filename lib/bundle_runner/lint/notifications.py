"""Rules on who is told of a run."""

from __future__ import annotations

from collections.abc import Iterator

from bundle_runner.bundle.located import Map
from bundle_runner.lint.finding import Finding, error
from bundle_runner.lint.places import a_text, items, members
from bundle_runner.lint.reading import ReadBundle

ADDRESS = error(
    "B108",
    "A webhook is named by an address",
    "The workspace wants the id of a notification destination, and the address itself is often a secret.",
    "webhook_notifications: {on_failure: [{id: https://hooks.example.com/x}]}",
    "webhook_notifications: {on_failure: [{id: ${var.alarms}}]}, a variable with lookup: {notification_destination: …}",
)


def check_notifications(bundle: ReadBundle) -> Iterator[Finding]:
    """Check the webhooks of every job and task, as each target sees them."""
    for view in bundle.views:
        for job in view.jobs:
            yield from _webhooks(job.body, f"job {job.key}")
            for task in job.bodies:
                yield from _webhooks(task.body, f"task {task.key}")


def _webhooks(body: Map, subject: str) -> Iterator[Finding]:
    for event, listed, _ in members(body.get("webhook_notifications")):
        for item, where in items(listed):
            text = a_text(item.get("id")) or ""
            if "://" in text or "@" in text:
                yield ADDRESS.at(
                    item.where.get("id", where),
                    f"{subject}: {event} wants the id of a notification destination, got an address",
                )
