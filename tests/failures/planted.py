"""Failures that are planted into a copy of the project before a run, and what its last screen must say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import PIPELINES

PROJECT = PIPELINES.parent
DATABRICKS, JOB = "databricks.yml", "resources/sales_daily.job.yml"
SILVER, GOLD, PARTNER = (
    "pipelines/silver/sale_lines.yml",
    "pipelines/gold/daily_sales",
    "pipelines/sources/gift_partner",
)
Plant = Callable[[Path], object]


@dataclass(frozen=True)
class Failure:
    """What is broken how, what is asked, and what is said: where and what, and what to do."""

    plant: Plant
    says: str
    todo: str
    words: tuple[str, ...] = ("run", "sales_daily")
    exit_code: int = 2


def copy_project(folder: Path) -> Path:
    """Copy what a run reads."""
    for name in ("notebooks", "resources", "pipelines"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("samples", ".*"))
    for name in (DATABRICKS, "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    return folder


def edit(name: str, old: str, new: str) -> Plant:
    """Replace a text in a file."""

    def plant(folder: Path) -> None:
        path = folder / name
        text = path.read_text()
        assert old in text, f"{name} no longer holds {old!r}"
        path.write_text(text.replace(old, new, 1))

    return plant


def remove(name: str) -> Plant:
    """Take a file away."""
    return lambda folder: (folder / name).unlink()


def nothing(_: Path) -> None:
    """Break nothing: what is asked is wrong."""


BEFORE_THE_RUN = {
    "unknown job": Failure(
        nothing, r"job sales_dayly does not exist", r"did you mean sales_daily\?", ("run", "sales_dayly")
    ),
    "unknown target": Failure(nothing, r"target prd", r"did you mean prod\?", ("run", "sales_daily", "-t", "prd")),
    "target elsewhere": Failure(nothing, r"target dev", "databricks bundle run", ("run", "sales_daily", "-t", "dev")),
    "unknown variable": Failure(
        nothing, "bukcet", r"did you mean bucket\?", ("run", "sales_daily", "--var", "bukcet=x")
    ),
    "unknown parameter": Failure(
        nothing,
        "day: job sales_daily has no such parameter",
        "known: business_date",
        ("run", "sales_daily", "--params", "day=x"),
    ),
    "no date": Failure(
        nothing,
        "business_date.*2011-13-01",
        "2011-01-05",
        ("run", "sales_daily", "--params", "business_date=2011-13-01"),
    ),
    "unknown task": Failure(nothing, "--only goold", r"did you mean gold\?", ("run", "sales_daily", "--only", "goold")),
    "unknown run": Failure(nothing, "there is no run 2012|no runs yet", "lakehouse runs? ", ("repair", "2012")),
    "no bundle": Failure(remove(DATABRICKS), r"no databricks\.yml", "--bundle"),
    "no YAML": Failure(
        edit(JOB, "resources:", "resources: ["), r"sales_daily\.job\.yml:4: this is not YAML", "expected"
    ),
    "tab in YAML": Failure(
        edit(DATABRICKS, "  name: sales", "\tname: sales"),
        r"databricks\.yml:3: this is not YAML",
        "cannot start any token",
    ),
    "unknown field": Failure(edit(JOB, "max_retries: 1", "max_retry: 1"), "max_retry", "max_retries"),
    "wrong type": Failure(edit(JOB, "max_retries: 1", "max_retries: many"), "max_retries", "must be a whole number"),
    "circle": Failure(
        edit(
            JOB,
            'depends_on: [{task_key: has_work, outcome: "true"}]',
            'depends_on: [{task_key: has_work, outcome: "true"}, {task_key: gate_bronze}]',
        ),
        "bronze, gate_bronze",
        "wait for each other",
    ),
    "unknown dependency": Failure(
        edit(JOB, "depends_on: [{task_key: silver}]", "depends_on: [{task_key: silber}]"),
        "silber",
        r"did you mean silver\?",
    ),
    "key twice": Failure(edit(JOB, "task_key: gold", "task_key: silver"), "task silver", "is defined 2 times"),
    "other kind": Failure(
        edit(
            JOB,
            'condition_task: {op: GREATER_THAN, left: "{{tasks.plan.values.work}}", right: "0"}',
            "dbt_task: {commands: [dbt run]}",
        ),
        "dbt_task",
        "is not run by this runner yet",
    ),
    "no notebook": Failure(remove("notebooks/30_silver.ipynb"), "30_silver", "there is no such notebook"),
    "notebook no JSON": Failure(
        lambda f: (f / "notebooks/30_silver.ipynb").write_text("{"), "30_silver", "JSON|notebook"
    ),
    "unknown value name": Failure(edit(JOB, 'run_id: "{{job.run_id}}"', 'runid: "{{job.run_id}}"'), "runid", "run_id"),
    "unknown task value": Failure(
        edit(JOB, "{{tasks.plan.values.work}}", "{{tasks.plann.values.work}}"), "plann", "plan"
    ),
    "unknown bundle reference": Failure(edit(JOB, "${var.inbox_root}", "${var.inbox}"), r"var\.inbox", "inbox_root"),
    "unknown cluster": Failure(
        edit(JOB, "job_cluster_key: main\n          notebook_task:", "job_cluster_key: mian\n          notebook_task:"),
        "mian",
        "main",
    ),
    "source no YAML": Failure(edit(f"{PARTNER}.yml", "silver:", "silver: ]"), r"gift_partner\.yml", "line"),
    "source misspelt": Failure(
        edit(f"{PARTNER}.yml", "columns: [InvoiceNo", "colums: [InvoiceNo"), "colums", "columns"
    ),
    "source maps what is not there": Failure(
        edit(f"{PARTNER}.yml", "from: StockCode", "from: Stockcode"), "Stockcode", "StockCode"
    ),
    "source without a table": Failure(
        edit(f"{PARTNER}.yml", "table: sale_lines", "table: sales_lines"), "sales_lines", "sale_lines"
    ),
    "contract of an unknown type": Failure(
        edit(SILVER, "name: quantity, type: INT", "name: quantity, type: INTEGR"), "INTEGR", "INT"
    ),
    "rule without its argument": Failure(edit(SILVER, ', minimum: "1"', ""), "line_is_numbered", "lacks its argument"),
    "rule about no column": Failure(
        edit(SILVER, "columns: [quantity], predicate", "columns: [quantty], predicate"), "quantty", "quantity"
    ),
    "gold without its query": Failure(remove(f"{GOLD}.sql"), r"daily_sales\.sql", "daily_sales"),
    "gold ties to nothing": Failure(
        edit(f"{GOLD}.yml", "silver: sale_lines.line_amount", "silver: sale_lines.amount"), "amount", "line_amount"
    ),
}
"""What can be known before anything starts."""
