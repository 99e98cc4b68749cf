"""Twelve small jobs, one for each thing that a job can say."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

HEAD = """\
bundle: {name: small}
targets:
  local: {default: true, workspace: {root_path: "${workspace.file_path}/.state"}}
  prod: {mode: production, workspace: {root_path: /Workspace/small}}
  dev: {mode: development}
resources:
  jobs:
"""
RUN = "spark_python_task: {python_file: ./a.py}"
JOBS = {
    "rules": """
        tasks:
          - {task_key: a, RUN}
          - {task_key: b, RUN}
          - {task_key: all_success, depends_on: &both [{task_key: a}, {task_key: b}], RUN}
          - {task_key: none_failed, run_if: NONE_FAILED, depends_on: *both, RUN}
          - {task_key: all_failed, run_if: ALL_FAILED, depends_on: *both, RUN}
          - {task_key: all_done, run_if: ALL_DONE, depends_on: *both, RUN}
          - {task_key: one_success, run_if: AT_LEAST_ONE_SUCCESS, depends_on: *both, RUN}
          - {task_key: one_failed, run_if: AT_LEAST_ONE_FAILED, depends_on: *both, RUN}
    """,
    "conditions": """
        tasks:
          - {task_key: compare, condition_task: {op: EQUAL_TO, left: "1", right: "1"}}
          - {task_key: wanted, depends_on: [{task_key: compare, outcome: "true"}], RUN}
          - {task_key: other, depends_on: [{task_key: compare, outcome: "false"}], RUN}
          - {task_key: both, depends_on: [{task_key: compare}], RUN}
          - {task_key: alone, condition_task: {op: EQUAL_TO, left: "1", right: "1"}}
    """,
    "loops": """
        tasks:
          - {task_key: list, RUN}
          - task_key: loop
            depends_on: [{task_key: list}]
            run_if: NONE_FAILED
            for_each_task:
              inputs: "[1, 2]"
              concurrency: 5
              task: {task_key: one, max_retries: 1, min_retry_interval_millis: 1500, timeout_seconds: 60, RUN}
          - {task_key: after, depends_on: [{task_key: loop}], RUN}
    """,
    "retries": """
        tasks:
          - {task_key: some, max_retries: 2, min_retry_interval_millis: 30000, RUN}
          - {task_key: endless, max_retries: -1, RUN}
          - {task_key: none, RUN}
    """,
    "timeouts": """
        timeout_seconds: 7200
        tasks:
          - {task_key: bounded, timeout_seconds: 600, RUN}
          - {task_key: free, RUN}
    """,
    "parameters": """
        parameters:
          - {name: day, default: "{{job.start_time.iso_date}}"}
          - {name: json, default: '{"a": "it''s"}'}
          - {name: empty, default: ""}
        tasks: [{task_key: a, RUN}]
    """,
    "schedules": """
        description: "Says \\"good night\\" to\\nall \\\\ of \\"\\"\\" them."
        tags: {team: sales, plain: ""}
        schedule: {quartz_cron_expression: "0 30 1 ? * MON-FRI", timezone_id: Europe/Berlin, pause_status: PAUSED}
        tasks: [{task_key: a, RUN}]
    """,
    "side_by_side": """
        max_concurrent_runs: 3
        queue: {enabled: true}
        tasks: [{task_key: a, RUN}]
    """,
    "told": """
        health: {rules: [{metric: RUN_DURATION_SECONDS, op: GREATER_THAN, value: 900}]}
        email_notifications:
          on_start: [start@example.com]
          on_success: [good@example.com]
          on_failure: [bad@example.com, worse@example.com]
          on_duration_warning_threshold_exceeded: [late@example.com]
        webhook_notifications: {on_failure: [{id: 0123}]}
        tasks:
          - {task_key: a, email_notifications: {on_failure: [task@example.com]}, RUN}
    """,
    "calls": """
        tasks: [{task_key: sub, timeout_seconds: 60, run_job_task: {job_id: "${resources.jobs.rules.id}"}}]
    """,
    "names": """
        tasks:
          - {task_key: a-b, description: "the first", RUN}
          - {task_key: a_b, depends_on: [{task_key: a-b}], RUN}
          - {task_key: 1st, depends_on: [{task_key: a_b}], disabled: true, RUN}
          - {task_key: class, depends_on: [{task_key: 1st}], RUN}
          - {task_key: begin, depends_on: [{task_key: class}], RUN}
          - {task_key: run, depends_on: [{task_key: begin}], RUN}
    """,
    "periods": """
        trigger: {periodic: {interval: 2, unit: DAYS}}
        tasks: [{task_key: a, RUN}]
    """,
}


def write_jobs(folder: Path, **jobs: str) -> Path:
    """Write a bundle of these jobs; without any, of all twelve."""
    found = jobs or JOBS
    text = "".join(
        f"    {key}:\n{indent(dedent(body).replace('RUN}', RUN + '}'), ' ' * 6)}" for key, body in found.items()
    )
    (folder / "databricks.yml").write_text(HEAD + text)
    return folder
