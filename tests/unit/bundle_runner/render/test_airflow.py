"""Jobs as DAG files: the same bytes each time, readable, with what they do not hold at their head."""

from __future__ import annotations

import ast
import difflib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.cli.render import render_airflow
from bundle_runner.errors import GraphError, TargetError
from bundle_runner.model import Job, Task
from bundle_runner.render.airflow import Call, render
from bundle_runner.render.carried import (
    DEADLINES,
    JOB_DATABRICKS,
    JOB_LOCAL,
    LAKEFLOW,
    NO_HOOKS,
    TASK_DATABRICKS,
    TASK_LOCAL,
)
from bundle_runner.render.source import comment, literal, names
from tests.airflow.small_jobs import JOBS, write_jobs

PROJECT = Path(__file__).parents[4]
RUNNER = Call("lakehouse", ".", "local")
FORMS = {"local": ("local", RUNNER), "watched": ("prod", None)}


def rendered(folder: Path, form: str, key: str) -> str:
    """Return one job of a bundle as a DAG file."""
    target, runner = FORMS[form]
    return render(load_bundle(folder, target), key, runner).text


def losses(folder: Path, key: str, form: str = "local") -> list[str]:
    """Return what the DAG of one job does not hold."""
    target, runner = FORMS[form]
    return [str(loss) for loss in render(load_bundle(folder, target), key, runner).losses]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", JOBS)
def test_a_dag_is_python_that_says_the_same_each_time(tmp_path: Path, key: str, form: str) -> None:
    write_jobs(tmp_path)
    text = rendered(tmp_path, form, key)
    ast.parse(text)
    assert rendered(tmp_path, form, key) == text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("form", FORMS)
def test_a_dag_reads_as_if_it_had_been_formatted(tmp_path: Path, form: str) -> None:
    write_jobs(tmp_path)
    (tmp_path / "dags").mkdir()
    for key in JOBS:
        (tmp_path / "dags" / f"{key}.py").write_text(rendered(tmp_path, form, key))
    asked = {
        "format": ["--diff", "--line-length", "120"],
        # An edge between tasks is an expression of which nothing is done.
        "check": ["--select", "E,F,W,I,B,UP", "--ignore", "B018", "--line-length", "120"],
    }
    for word, options in asked.items():
        command = [str(Path(sys.prefix) / "bin" / "ruff"), word, "--isolated", *options, "."]
        said = subprocess.run(command, cwd=tmp_path / "dags", capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr


def test_a_change_of_the_job_changes_the_lines_that_say_it(tmp_path: Path) -> None:
    write_jobs(tmp_path, it=JOBS["retries"])
    before = rendered(tmp_path, "local", "it")
    write_jobs(tmp_path, it=JOBS["retries"].replace("max_retries: 2", "max_retries: 3"))
    lines = list(difflib.unified_diff(before.splitlines(), rendered(tmp_path, "local", "it").splitlines(), n=0))
    assert [line for line in lines[2:] if line[0] in "+-"] == [
        '-    some = Step(task_id="some", retries=2, retry_delay=timedelta(seconds=30), retry_exponential_backoff=DOUBLING)',
        '+    some = Step(task_id="some", retries=3, retry_delay=timedelta(seconds=30), retry_exponential_backoff=DOUBLING)',
    ]


@pytest.mark.parametrize(
    ("model", "tables"),
    [(Job, (JOB_LOCAL, JOB_DATABRICKS)), (Task, (TASK_LOCAL, TASK_DATABRICKS))],
    ids=["job", "task"],
)
def test_every_field_of_the_model_is_carried_over_or_told(model: type, tables: tuple[dict[str, str], ...]) -> None:
    fields = set(model.model_fields)
    assert len(fields) > 20
    for table in tables:
        assert set(table) == fields


def test_what_is_not_carried_over_is_told_field_by_field_and_at_the_head(tmp_path: Path) -> None:
    write_jobs(tmp_path)
    told = losses(tmp_path, "told")
    assert told == [
        f"webhook_notifications: {NO_HOOKS}",
        "queue: is not enabled: Lakeflow skips a run that finds no place, Airflow lets it wait",
        f"health.RUN_DURATION_SECONDS: {DEADLINES}",
    ]
    head = ast.get_docstring(ast.parse(rendered(tmp_path, "local", "told")))
    assert head is not None
    for line in told:
        assert line in " ".join(head.split())


LOST = {
    "a rule that nobody hears of": (
        "health: {rules: [{metric: RUN_DURATION_SECONDS, op: GREATER_THAN, value: 9}]}",
        "health.RUN_DURATION_SECONDS: not carried over: email_notifications.on_duration_warning_threshold_exceeded names nobody",
    ),
    "files that arrive": (
        "trigger: {file_arrival: {url: s3://a/b/}}",
        "trigger: not carried over: file_arrival; the DAG has no schedule",
    ),
    "a year": (
        'schedule: {quartz_cron_expression: "0 0 6 * * ? 2027", timezone_id: UTC}',
        "schedule: not carried over: cron knows no year, and 0 0 6 * * ? 2027 names 2027; the DAG has no schedule",
    ),
    "who may see it": ("permissions: []", "permissions: not carried over: means something in a workspace only"),
}


@pytest.mark.parametrize(("field", "line"), LOST.values(), ids=LOST)
def test_a_field_that_airflow_lacks_is_told(tmp_path: Path, field: str, line: str) -> None:
    write_jobs(tmp_path, it=f"{field}\ntasks: [{{task_key: a, RUN}}]\n")
    assert line in losses(tmp_path, "it")


def test_a_loop_of_retried_tasks_tells_what_differs(tmp_path: Path) -> None:
    write_jobs(tmp_path)
    assert "tasks.loop.for_each_task.inputs: Airflow takes at most 1024 elements (core.max_map_length)" in losses(
        tmp_path, "loops"
    )
    assert "tasks.endless.max_retries: unlimited in Lakeflow; Airflow tries again 100 times" in losses(
        tmp_path, "retries"
    )


def test_a_deployed_job_says_what_the_workspace_does_and_who_would_start_it_twice(tmp_path: Path) -> None:
    write_jobs(tmp_path)
    assert f"tasks.*.spark_python_task, tasks.*.max_retries, tasks.*.min_retry_interval_millis: {LAKEFLOW}" in losses(
        tmp_path, "retries", "watched"
    )
    assert any(
        line.startswith("schedule: both would start the job") for line in losses(tmp_path, "schedules", "watched")
    )


def test_a_development_target_is_paused_and_names_the_prefix(tmp_path: Path) -> None:
    write_jobs(tmp_path)
    dag = render(load_bundle(tmp_path, "dev"), "periods", None)
    assert "is_paused_upon_creation=True" in dag.text
    assert [loss.field for loss in dag.losses][-1] == "name"


def test_the_dag_calls_the_runner_with_the_options_it_was_rendered_with(tmp_path: Path) -> None:
    write_jobs(tmp_path)
    runner = replace(RUNNER, options=("--root", "/srv/lake", "--var", "day=1"))
    dag = render(load_bundle(tmp_path), "periods", runner)
    assert 'OPTIONS = ["--root", "/srv/lake", "--var", "day=1"]' in dag.text
    assert "is_paused_upon_creation=False" in dag.text


def test_a_target_that_pauses_its_triggers_pauses_the_dag(tmp_path: Path) -> None:
    write_jobs(tmp_path)
    file = tmp_path / "databricks.yml"
    file.write_text(file.read_text() + "\npresets: {trigger_pause_status: PAUSED}\n")
    assert "is_paused_upon_creation=True" in render(load_bundle(tmp_path), "periods", RUNNER).text


def test_a_job_that_is_no_graph_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    from bundle_runner.cli.commands import Asked

    write_jobs(tmp_path, good=JOBS["retries"], bad="tasks: [{task_key: a, depends_on: [{task_key: b}], RUN}]\n")
    with pytest.raises(GraphError, match="task a depends on b, which does not exist"):
        render_airflow(Asked(tmp_path, "local", {}), None, local=True)
    assert not (tmp_path / ".airflow").exists()


def test_a_target_elsewhere_has_no_runner_here(tmp_path: Path) -> None:
    from bundle_runner.cli.commands import Asked

    write_jobs(tmp_path)
    with pytest.raises(TargetError, match="target prod lives in /Workspace/small, not on this machine"):
        render_airflow(Asked(tmp_path, "prod", {}), None, local=True)


def test_the_command_writes_a_file_for_each_job_and_says_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from bundle_runner.cli.commands import Asked

    write_jobs(tmp_path)
    render_airflow(Asked(tmp_path, "prod", {}), tmp_path / "out", local=False)
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(JOBS)
    assert "queue: is not enabled" in capsys.readouterr().out


def test_no_text_of_the_job_ends_a_literal_or_the_head() -> None:
    for text in ('"""', "'", '"', "\\", "a\nb", "'\"", "ä"):
        assert ast.literal_eval(literal(text)) == text
    assert comment('end """ here \\\n now') == ["end ''' here / now"]


def test_no_key_hides_a_name_that_the_file_uses() -> None:
    assert names(["a-b", "a_b", "1", "str", "class", "match", "Step"], ["Step"]) == {
        "a-b": "a_b",
        "a_b": "task_a_b",
        "1": "task_1",
        "str": "task_str",
        "class": "task_class",
        "match": "task_match",
        "Step": "task_Step",
    }
