"""A small job that goes every way a job can go, and how each of its tasks ends; programs without Spark."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.bundle.small_bundle import SmallBundle

PROGRAMS = {
    "values": """
        from bundle_runner import task

        task.set_value("words", ["a", "b"])
        task.set_value("none", [])
        task.set_value("number", 0)
    """,
    "good": "print('well')",
    "stopped": "from bundle_runner import task\ntask.stop('3 of 7 columns are missing')",
    "flaky": """
        from pathlib import Path

        mark = Path("seen")
        seen = mark.exists()
        mark.touch()
        assert seen, "the first time"
    """,
    "slow": "import time\ntime.sleep(600)",
    "said": "import sys\nassert sys.argv[1] in ('a', 'b'), sys.argv",
    "picky": "import sys\nassert sys.argv[1] == 'a', sys.argv[1]",
}

# What Lakeflow calls the end of each task, and what Airflow calls it. Where a task's rule is one of those that Airflow
# cannot judge alone, the runner judges when the task starts; then an end that is not its own is `failed`, too.
ENDS = {
    "values": ("SUCCESS", "success"),
    "loop": ("SUCCESS", "success"),
    "bad_loop": ("FAILED", "failed"),
    "no_loop": ("SUCCESS", "success"),
    "after_no_loop": ("SUCCESS", "success"),
    "any": ("SUCCESS", "success"),
    "yes": ("EXCLUDED", "skipped"),
    "no": ("SUCCESS", "success"),
    "after_yes_whatever": ("EXCLUDED", "skipped"),
    "loop_after_yes": ("EXCLUDED", "skipped"),
    "none_failed": ("SUCCESS", "success"),
    "gate": ("FAILED", "failed"),
    "after_gate": ("UPSTREAM_FAILED", "upstream_failed"),
    "one_success": ("SUCCESS", "success"),
    "one_success_of_none": ("UPSTREAM_FAILED", "failed"),
    "one_failed": ("SUCCESS", "success"),
    "one_failed_of_none": ("EXCLUDED", "skipped"),
    "all_failed": ("SUCCESS", "success"),
    "all_failed_of_one": ("EXCLUDED", "skipped"),
    "off": ("DISABLED", "skipped"),
    "after_off": ("DISABLED", "skipped"),
    "flaky": ("SUCCESS", "success"),
    "slow": ("TIMEDOUT", "failed"),
    "report": ("SUCCESS", "success"),
}


def program(name: str, *arguments: str) -> dict[str, Any]:
    """Return the body of a task that runs one of the programs."""
    return {"spark_python_task": {"python_file": f"./{name}.py", "parameters": list(arguments)}}


def step(key: str, *after: str, does: str = "good", **rest: Any) -> dict[str, Any]:
    """Return a task; `name:true` waits for that outcome."""
    return {"task_key": key, "depends_on": _above(after), **program(does), **rest}


def loop(key: str, inputs: str, does: str, *after: str) -> dict[str, Any]:
    """Return a task that runs a program for each element."""
    inner = {"task_key": f"{key}_one", **program(does, "{{input}}")}
    body = {"inputs": f"{{{{tasks.values.values.{inputs}}}}}", "task": inner, "concurrency": 2}
    return {"task_key": key, "depends_on": _above(after), "for_each_task": body}


def _above(after: tuple[str, ...]) -> list[dict[str, str]]:
    parts = [name.partition(":") for name in after]
    return [{"task_key": name, **({"outcome": outcome} if outcome else {})} for name, _, outcome in parts]


def write_rules(folder: Path) -> SmallBundle:
    """Write the bundle."""
    bundle = SmallBundle(folder)
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(dedent(text))
    condition = {"op": "GREATER_THAN", "left": "{{tasks.values.values.number}}", "right": "0"}
    bundle.job(
        step("values", does="values"),
        loop("loop", "words", "said", "values"),
        loop("bad_loop", "words", "picky", "values"),
        loop("no_loop", "none", "said", "values"),
        step("after_no_loop", "no_loop"),
        {"task_key": "any", "depends_on": [{"task_key": "values"}], "condition_task": condition},
        step("yes", "any:true"),
        step("no", "any:false"),
        step("after_yes_whatever", "yes", run_if="ALL_DONE"),
        loop("loop_after_yes", "words", "said", "values", "yes"),
        step("none_failed", "yes", "no", run_if="NONE_FAILED"),
        step("gate", "values", does="stopped"),
        step("after_gate", "gate"),
        step("one_success", "no", "gate", run_if="AT_LEAST_ONE_SUCCESS"),
        step("one_success_of_none", "gate", run_if="AT_LEAST_ONE_SUCCESS"),
        step("one_failed", "no", "gate", run_if="AT_LEAST_ONE_FAILED"),
        step("one_failed_of_none", "no", "after_no_loop", run_if="AT_LEAST_ONE_FAILED"),
        step("all_failed", "gate", run_if="ALL_FAILED"),
        step("all_failed_of_one", "no", "gate", run_if="ALL_FAILED"),
        step("off", "values", disabled=True),
        step("after_off", "off"),
        step("flaky", "values", does="flaky", max_retries=1),
        step("slow", "values", does="slow", timeout_seconds=3, max_retries=2),
        step("report", "after_gate", "one_failed", "flaky", "slow", run_if="ALL_DONE"),
        parameters=[{"name": "day", "default": "2011-01-04"}],
    )
    return bundle
