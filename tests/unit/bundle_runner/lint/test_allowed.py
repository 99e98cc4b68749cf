"""What is right, or what only a workspace knows, is no finding."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from bundle_runner.lint.rules import lint
from tests.unit.bundle_runner.lint.broken_notebooks import code, file_of, notebook
from tests.unit.bundle_runner.lint.bundle_texts import beside_a, write_bundle

PROJECT = Path(__file__).parents[4]
ALLOWED = {
    "a field that only holds an anchor": "shared: &shared {max_retries: 1}\n",
    "a field that holds anchors below": "definitions:\n  retries: &retries\n    max_retries: 1\n",
    "a pattern with a folder": "sync: {exclude: [./src/*.csv]}\n",
    "a bundle's service principal and a target's user": "run_as: {service_principal_name: x}\n"
    "targets: {dev: {run_as: {user_name: y}}}\n",
    "a pattern of any depth": "sync: {exclude: ['**/*.csv']}\n",
    "a file that a build makes": "sync: {include: [target/manifest.json, notes.yaml, 'dbt_packages/**']}\n",
    "includes of a new bundle": "include: [conf/*.yml, conf/*/*.yml]\nvariables: {place: {default: x}}\n",
    "where the code is from": """
variables: {code: {default: "url:${bundle.git.origin_url}; commit:${bundle.git.commit}"}}
targets: {dev: {resources: {jobs: {main: {tasks: [
  {task_key: b, notebook_task: {notebook_path: source.py, base_parameters: {info: "${var.code}"}}}]}}}}}
""",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_the_cli_allows_is_no_finding(name: str, tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a("") + ALLOWED[name])
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.csv").write_text("")
    (tmp_path / "conf").mkdir()
    assert lint(tmp_path) == []


def test_a_pattern_of_sync_counts_from_its_file(tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a("") + "include: [conf/*.yml]\n=== conf/it.yml\nsync: {exclude: [own/*.txt]}\n")
    assert [found.code.name for found in lint(tmp_path)] == ["B007"]
    (tmp_path / "conf/own").mkdir()
    (tmp_path / "conf/own/a.txt").touch()
    assert lint(tmp_path) == []


def test_an_unknown_field_of_a_trigger_is_told_once(tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a("trigger: {type: x}"))
    assert [found.code.name for found in lint(tmp_path)] == ["B101"]


def test_an_offset_is_a_time_zone(tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a("schedule: {quartz_cron_expression: '0 0 5 L * ?', timezone_id: 'GMT+02:00'}"))
    assert lint(tmp_path) == []


def test_a_notebook_may_ask_whether_it_is_on_databricks(tmp_path: Path) -> None:
    guarded = code('if "dbutils" in globals():', '    dbutils.fs.ls("/")', '    dbutils.notebook.run("/Shared/x", 60)')
    write_bundle(tmp_path, beside_a("- {task_key: b, notebook_task: {notebook_path: b.ipynb}}"))
    (tmp_path / "b.ipynb").write_text(file_of(code('day = ""', tags=["parameters"]), guarded))
    assert lint(tmp_path) == []


def test_what_ipython_adds_to_python_is_no_finding(tmp_path: Path) -> None:
    lines = ["%pip install x", "files = !ls", "if files:", "    %timeit 1", 'text = ("%s"', "    % 1)", "text?"]
    write_bundle(tmp_path, beside_a("- {task_key: b, notebook_task: {notebook_path: b.ipynb}}"))
    (tmp_path / "b.ipynb").write_text(notebook(*lines))
    assert lint(tmp_path) == []


def test_what_only_a_workspace_knows_is_no_finding(tmp_path: Path) -> None:
    text = """
    - {task_key: b, job_cluster_key: "${var.key}", notebook_task: {notebook_path: "${workspace.file_path}/x.ipynb"}}
    - {task_key: c, spark_python_task: {python_file: "s3://bucket/x.py"}, new_cluster: "${var.cluster}"}
    - {task_key: d, pipeline_task: {pipeline_id: "${var.key}"}, max_retries: "${var.key}"}
    """
    variables = "variables: {key: {lookup: {cluster_policy: x}}, cluster: {type: complex, default: {num_workers: 1}}}\n"
    write_bundle(tmp_path, beside_a(dedent(text)) + variables)
    assert lint(tmp_path) == []


NAMES = {
    "a reference": "db_password: '${var.x}'",
    "a scope and its key": "db_password: '{{secrets/shop/password}}'",
    "words": "secret_scope_token: shop-token",
    "a key within a scope": "secret_key: db-password-2",
    "a name that only begins like one": "token_audience: Audience2024",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_names_a_secret_is_none(name: str, tmp_path: Path) -> None:
    write_bundle(
        tmp_path, beside_a(f"tags: {{{NAMES[name]}}}\ndescription: ${{var.x}}") + "variables: {x: {default: y}}\n"
    )
    assert lint(tmp_path) == []


TIMES = {
    "a limit as long as the job's": "timeout_seconds: 600",
    "no limit": "timeout_seconds: 0",
    "no wait between retries": "max_retries: 2, min_retry_interval_millis: 0",
    "a second between retries": "max_retries: 2, min_retry_interval_millis: 1000",
    "an input far inside": "for_each_task: {inputs: '[1]', task: {task_key: c, run_job_task: {job_id: 1, job_parameters: {day: 'day {{ input.day }}'}}}}",
}


@pytest.mark.parametrize("name", TIMES)
def test_times_and_turns_that_count_are_no_finding(name: str, tmp_path: Path) -> None:
    kind = "" if "for_each" in TIMES[name] else "notebook_task: *n, "
    write_bundle(tmp_path, beside_a(f"- {{task_key: b, {kind}{TIMES[name]}}}\ntimeout_seconds: 600"))
    assert lint(tmp_path) == []


def test_resources_of_another_bundle_are_not_ours(tmp_path: Path) -> None:
    inner = tmp_path / "resources/inner"
    inner.mkdir(parents=True)
    write_bundle(tmp_path, beside_a(""))
    (inner / "jobs.yml").write_text("resources: {jobs: {x: {name: x}}}\n")
    assert [found.code.name for found in lint(tmp_path)] == ["B013"]
    (inner / "databricks.yml").write_text("bundle: {name: inner}\n")
    assert lint(tmp_path) == []


def test_a_wheel_that_lies_there_need_not_be_built(tmp_path: Path) -> None:
    task = "- {task_key: b, existing_cluster_id: x, notebook_task: *n, libraries: [{whl: vendor/*.whl}]}"
    write_bundle(tmp_path, beside_a(task) + "artifacts: {lib: {type: whl, build: make, path: .}}\n")
    assert [found.code.name for found in lint(tmp_path)] == ["B609"]
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/x-1.0-py3-none-any.whl").write_bytes(b"")
    assert lint(tmp_path) == []


@pytest.mark.parametrize("url", ["/Volumes/main/shop/inbox/", "s3://shop/inbox/", "abfss://in@shop.example.com/"])
def test_a_trigger_may_watch_a_volume_or_a_store(url: str, tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a(f"trigger: {{file_arrival: {{url: '{url}'}}}}"))
    assert lint(tmp_path) == []


CLUSTERS = {
    "the settings of a single node": "spark_conf: {spark.databricks.cluster.profile: singleNode, spark.master: 'local[*]'}, "
    "custom_tags: {ResourceClass: SingleNode}",
    "a single node by its own field": "is_single_node: true",
    "a policy that may say it": "policy_id: x",
    "settings that only a workspace knows": 'spark_conf: "${var.conf}"',
}


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_single_node_has_no_workers(name: str, tmp_path: Path) -> None:
    task = f"- {{task_key: b, notebook_task: *n, new_cluster: {{num_workers: 0, {CLUSTERS[name]}}}}}\n"
    write_bundle(
        tmp_path, beside_a(task + "description: ${var.conf}") + "variables: {conf: {lookup: {cluster_policy: x}}}\n"
    )
    assert lint(tmp_path) == []


@pytest.mark.parametrize("version", ["15.4.x-cpu-ml-scala2.12", "6.x-scala2.11", "auto:latest-lts", "${var.version}"])
def test_a_version_of_the_runtime_may_be_of_many_kinds(version: str, tmp_path: Path) -> None:
    task = f"- {{task_key: b, notebook_task: *n, new_cluster: {{num_workers: 1, spark_version: '{version}'}}}}\n"
    write_bundle(
        tmp_path,
        beside_a(task + "description: ${var.version}") + "variables: {version: {lookup: {cluster_policy: x}}}\n",
    )
    assert lint(tmp_path) == []


def test_a_job_out_of_git_needs_no_local_file(tmp_path: Path) -> None:
    task = "- {task_key: b, notebook_task: {notebook_path: notebooks/x}}\n"
    source = "git_source: {git_url: https://example.com/x, git_provider: gitHub, git_branch: main}\n"
    write_bundle(tmp_path, beside_a(task + source))
    assert lint(tmp_path) == []


def test_a_sound_bundle_has_no_finding(tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a(""))
    assert lint(tmp_path) == []


def test_the_project_has_no_finding() -> None:
    assert lint(PROJECT) == []
