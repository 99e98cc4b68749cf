"""Loading a bundle: includes, targets, variables, references, and the messages when something is wrong."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from bundle_runner.bundle.load import Bundle, load_bundle
from bundle_runner.bundle.parse import parse
from bundle_runner.errors import BundleError, ModelError, ReferenceProblem, TargetError, UsageError
from bundle_runner.model.base import Strict
from bundle_runner.plan.graph import build_graph
from tests.unit.bundle_runner.bundle_folder import write

TASK = "{task_key: a, notebook_task: {notebook_path: ./a.ipynb}}"


def load(
    folder: Path, target: str | None = None, environment: dict[str, str] | None = None, **variables: str
) -> Bundle:
    return load_bundle(folder, target, variables, environment or {})


VARIABLE = """
    variables:
      place: {default: default}
    targets:
      local: {default: true, variables: {place: target}}
      bare: {}
"""


def test_variables_follow_the_precedence_of_the_cli(tmp_path: Path) -> None:
    write(tmp_path, databricks=VARIABLE)
    assert load(tmp_path, "bare").value("place") == "default"
    assert load(tmp_path).value("place") == "target"
    overrides = tmp_path / ".databricks/bundle/local/variable-overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps({"place": "file"}))
    assert load(tmp_path).value("place") == "file"
    assert load(tmp_path, environment={"BUNDLE_VAR_place": "environment"}).value("place") == "environment"
    assert load(tmp_path, environment={"BUNDLE_VAR_place": "environment"}, place="command").value("place") == "command"


def test_a_variable_without_value_names_what_to_say(tmp_path: Path) -> None:
    write(tmp_path, databricks="variables: {host: {description: where}}")
    with pytest.raises(BundleError, match="variable host has no value; say --var host=… or set BUNDLE_VAR_host"):
        load(tmp_path)
    with pytest.raises(UsageError, match=r"--var hst: the bundle has no such variable; did you mean host?"):
        load(tmp_path, hst="x")


@pytest.mark.timeout(60)
def test_a_long_name_with_text_after_it_is_read_without_trying_all_its_parts(tmp_path: Path) -> None:
    name = "warehouse_identifier_of_the_production_workspace_in_the_second_region"
    write(
        tmp_path,
        databricks=f"""
        variables: {{{name}: {{default: a}}, whole: {{default: "${{var.{name}}}-x"}}}}
        targets: {{local: {{default: true}}}}
        """,
    )
    assert load(tmp_path).value("whole") == "a-x"


def test_complex_variables_are_taken_whole_and_refuse_a_text(tmp_path: Path) -> None:
    write(
        tmp_path,
        databricks=f"""
        variables:
          key: {{default: spark.x}}
          cluster: {{type: complex, default: {{spark_conf: {{spark.y: "${{var.key}}"}}, num_workers: 2}}}}
        resources: {{jobs: {{main: {{
            job_clusters: [{{job_cluster_key: m, new_cluster: "${{var.cluster}}"}}],
            description: "${{var.cluster.num_workers}} workers", tasks: [{TASK}]}}}}}}
        """,
    )
    job = load(tmp_path).job("main")
    assert job.job_clusters[0].new_cluster.spark_conf == {"spark.y": "spark.x"}
    assert job.description == "2 workers"
    for source in ({"environment": {"BUNDLE_VAR_cluster": "x"}}, {"cluster": "x"}):
        with pytest.raises(UsageError, match="variable cluster is complex and cannot be set by a text"):
            load(tmp_path, **source)  # type: ignore[arg-type]


def test_references_to_bundle_workspace_and_resources(tmp_path: Path) -> None:
    write(
        tmp_path,
        databricks=f"""
        targets: {{local: {{workspace: {{root_path: "${{workspace.file_path}}/x"}}}}}}
        resources:
          schemas: {{lake: {{name: "lake_${{bundle.target}}", catalog_name: c}}}}
          jobs:
            other: {{tasks: [{TASK}]}}
            main:
              name: "${{bundle.name}} ${{resources.schemas.lake.name}} ${{resources.jobs.other.id}}"
              description: ${{workspace.root_path}}
              tasks: [{TASK}]
        """,
    )
    job = load(tmp_path).job("main")
    assert (job.name, job.description) == ("small lake_local other", f"{tmp_path}/x")


WRONG = {
    "an unknown variable": (
        "${var.plce}",
        r"databricks.yml:\d+: \$\{var.plce\} does not exist: plce is unknown; did you mean place",
    ),
    "an unknown root": ("${vars.place}", r"\$\{vars.place\} does not exist: vars is unknown; did you mean var"),
    "a circle": ("${var.one}", r"references go round in a circle: var.one → var.two → var.one"),
    "a mapping inside a text": ("x ${var.map}", r"\$\{var.map\} is a mapping or list and cannot stand inside a text"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_reference_names_file_and_reference(tmp_path: Path, text: str, message: str) -> None:
    write(
        tmp_path,
        databricks=f"""
        variables:
          place: {{default: x}}
          one: {{default: "${{var.two}}"}}
          two: {{default: "${{var.one}}"}}
          map: {{type: complex, default: {{a: 1}}}}
        resources: {{jobs: {{main: {{name: "{text}", tasks: [{TASK}]}}}}}}
        """,
    )
    with pytest.raises(ReferenceProblem, match=message):
        load(tmp_path).job("main")


def test_includes_are_merged_and_paths_count_from_their_file(tmp_path: Path) -> None:
    (tmp_path / "resources").mkdir()
    write(
        tmp_path,
        databricks="""
        include: [resources/*.yml]
        targets:
          local: {default: true}
          big: {resources: {jobs: {main: {tasks: [{task_key: a, max_retries: 5}]}}}}
        """,
    )
    write(
        tmp_path / "resources",
        jobs="""
        resources: {jobs: {main: {tasks: [
          {task_key: a, max_retries: 1, notebook_task: {notebook_path: ../n/a.ipynb}}]}}}
        """,
    )
    (task,) = load(tmp_path).job("main").tasks
    assert task.notebook_task
    assert (task.max_retries, task.notebook_task.notebook_path) == (1, f"{tmp_path}/n/a.ipynb")
    (merged,) = load(tmp_path, "big").job("main").tasks
    assert (merged.max_retries, merged.notebook_task) == (5, task.notebook_task)


def test_one_job_in_two_files_is_refused(tmp_path: Path) -> None:
    text = f"resources: {{jobs: {{main: {{tasks: [{TASK}]}}}}}}"
    write(tmp_path, databricks="include: [one.yml, two.yml]", one=text, two=text)
    with pytest.raises(BundleError, match=r"two.yml:1: jobs.main is also defined at .*one.yml:1; keep one"):
        load(tmp_path)
    write(tmp_path, databricks="include: [three.yml]")
    with pytest.raises(BundleError, match=r"include three.yml: there is no such file"):
        load(tmp_path)


FIELDS = {
    "an unknown field of a task": (
        "max_retrys: 2",
        r"main.yml:4: task a: max_retrys is not a known field; did you mean max_retries?",
    ),
    "a field that waits": ("compute: {}", r"main.yml:4: task a: compute is not run by this runner yet"),
    "a kind that waits": ("dbt_task: {}", r"main.yml:4: task a: dbt_task is not run by this runner yet"),
    "a wrong type": (
        "timeout_seconds: soon",
        r"main.yml:4: task a: timeout_seconds must be a whole number, got 'soon'",
    ),
    "a wrong word": ("run_if: all_dne", r"main.yml:4: task a: run_if cannot be 'all_dne'; did you mean ALL_DONE\?"),
    "two kinds": (
        "condition_task: {op: EQUAL_TO, left: a, right: b}",
        r"task a: expected one of .*got notebook_task and condition_task",
    ),
    "a missing field": ("depends_on: [{outcome: 'true'}]", r"main.yml:4: task a: task_key is missing"),
    "a bad key": (
        "for_each_task: {inputs: '[]', task: {task_key: 'a b'}}",
        r"main.yml:4: task a b: task_key must be 1 to 100 letters, digits, - and _, got .a b.",
    ),
    "a jar": ("libraries: [{jar: x.jar}]", r"task a: jar is not run by this runner yet"),
}


@pytest.mark.parametrize(("line", "message"), FIELDS.values(), ids=FIELDS.keys())
def test_a_wrong_field_is_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    write(
        tmp_path,
        databricks="include: [main.yml]",
        main=f"""\
        resources: {{jobs: {{main: {{tasks: [
          {{task_key: a,
            notebook_task: {{notebook_path: ./a.ipynb}},
            {line}}}]}}}}}}
        """,
    )
    with pytest.raises(ModelError, match=message):
        load(tmp_path).job("main")


def test_what_only_a_deployment_needs_is_accepted(tmp_path: Path) -> None:
    write(
        tmp_path,
        databricks=f"""
        bundle: {{name: b, databricks_cli_version: ">= 0.218"}}
        artifacts: {{lib: {{type: whl, build: make, path: .}}}}
        sync: {{exclude: [x]}}
        permissions: [{{level: CAN_RUN, group_name: g}}]
        run_as: {{user_name: u}}
        resources:
          pipelines: {{p: {{anything: 1}}}}
          volumes: {{v: {{name: v}}}}
          jobs: {{main: {{run_as: {{user_name: u}}, permissions: [], email_notifications: {{on_failure: [a@b]}},
            tags: {{cost: 1.50}}, queue: {{enabled: true}}, tasks: [{TASK}]}}}}
        targets: {{local: {{mode: development, presets: {{name_prefix: x_}}, run_as: {{user_name: v}}}}}}
        """,
    )
    assert load(tmp_path).job("main").tags == {"cost": "1.5"}


def test_yaml_is_read_as_the_cli_reads_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        databricks=f"""
        resources: {{jobs: {{main: {{tasks: [{TASK}], parameters: [
          {{name: date, default: 2011-01-05}}, {{name: word, default: yes}},
          {{name: flag, default: true}}, {{name: number, default: 7}}]}}}}}}
        """,
    )
    values = {parameter.name: parameter.default for parameter in load(tmp_path).job("main").parameters}
    assert values == {"date": "2011-01-05", "word": "yes", "flag": "true", "number": "7"}


DROPPED = {
    "a name of nobody's": ("owner: me", ["databricks.yml:2: the bundle: owner is not a known field; it is left out"]),
    "a misspelt one": ("resource: {}", ["databricks.yml:2: the bundle: resource is not a known field; did you mean"]),
    "one of a target": ("targets: {dev: {own: 1}}", ["databricks.yml:2: the bundle: own is not a known field"]),
    "what holds an anchor": ("job-config: &x {max_retries: 1}", []),
    "what holds anchors below": ("definitions:\n  x: &x 1", []),
    "the engine of the deployment": ("bundle: {name: small, engine: direct}", []),
    "targets without a word": ("targets:", []),
    "a target without a word": ("targets:\n  dev:", []),
}


@pytest.mark.parametrize(("text", "said"), DROPPED.values(), ids=DROPPED.keys())
def test_what_the_cli_only_warns_of_is_left_out_and_told(tmp_path: Path, text: str, said: list[str]) -> None:
    write(tmp_path, databricks=f"{text}\nresources: {{jobs: {{main: {{tasks: [{TASK}]}}}}}}\n")
    bundle = load(tmp_path)
    assert len(bundle.left_out) == len(said)
    assert all(words in told for words, told in zip(said, bundle.left_out, strict=True)), bundle.left_out
    assert [task.task_key for task in bundle.job("main").tasks] == ["a"]


def test_a_field_of_a_job_that_nobody_knows_is_left_out_and_one_nearly_known_is_an_error(tmp_path: Path) -> None:
    task = "{task_key: a, colour: red, notebook_task: {notebook_path: ./a.ipynb, zzz: 1}}"
    write(tmp_path, databricks=f"resources: {{jobs: {{main: {{tasks: [{task}], timeout_seconds:}}}}}}")
    said: list[str] = []
    assert load(tmp_path).job("main", left_out=said).timeout_seconds == 0
    assert [words.partition(": ")[2].partition(";")[0] for words in said] == [
        "task a: colour is not a known field",
        "task a: zzz is not a known field",
    ]


def test_git_is_asked_for_where_the_bundle_is(tmp_path: Path) -> None:
    text = "${bundle.git.branch}|${bundle.git.origin_url}"
    write(tmp_path, databricks=f"resources: {{jobs: {{main: {{name: '{text}', tasks: [{TASK}]}}}}}}")
    assert load(tmp_path).job("main").name == "|"
    subprocess.run(["git", "init", "-q", "-b", "trunk", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", "https://git.test/x"], check=True)
    assert load(tmp_path).job("main").name == "trunk|https://git.test/x"


def test_of_tasks_that_are_not_chosen_only_names_count(tmp_path: Path) -> None:
    write(
        tmp_path,
        databricks="""
        resources: {jobs: {main: {tasks: [
          {task_key: dbt, dbt_task: {commands: [run]}, libraries: [{jar: x}], job_cluster_key: none},
          {task_key: a, depends_on: [{task_key: dbt}], notebook_task: {notebook_path: ./a.ipynb}},
          {task_key: b, notebook_task: {notebook_path: "${var.missing}"}, depends_on: [{task_key: a}]}]}}}
        """,
    )
    bundle = load(tmp_path)
    job = bundle.job("main", {"a"})
    assert [(task.task_key, task.kind) for task in job.tasks] == [("dbt", "dbt"), ("a", "notebook"), ("b", "notebook")]
    assert build_graph(job, bundle.task_places("main")).upstream("b") == {"a", "dbt"}
    with pytest.raises(ModelError, match="task dbt: dbt_task is not run by this runner yet"):
        bundle.job("main", {"a", "dbt"})


@pytest.mark.parametrize("wrong", [[], {}, "x y", 1.5, -7, True, [[]], [{"a": {}}]], ids=str)
def test_no_word_of_pydantic_reaches_anybody(wrong: object) -> None:
    models = [model for model in every_model() if model.model_fields]
    assert len(models) > 20
    said = [words for model in models for name in model.model_fields for words in refused(model, {name: wrong})]
    assert len(said) > 20
    assert [words for words in said if re.search("should|valid", words)] == []


def refused(model: type[Strict], tree: dict[str, object]) -> list[str]:
    try:
        parse(model, tree, "it")
    except ModelError as error:
        return str(error).splitlines()
    return []


def every_model(root: type[Strict] = Strict) -> list[type[Strict]]:
    return [found for model in root.__subclasses__() for found in (model, *every_model(model))]


def test_merge_keys_work_and_a_key_said_twice_is_refused(tmp_path: Path) -> None:
    write(
        tmp_path,
        databricks="""
        resources: {jobs: {main: {tasks: [
          {task_key: a, notebook_task: &n {notebook_path: ./a.ipynb, base_parameters: &p {x: "1"}}},
          {task_key: b, notebook_task: {<<: *n, base_parameters: &q {<<: *p, x: "2"}}},
          {task_key: c, notebook_task: {notebook_path: ./a.ipynb, base_parameters: *q}}]}}}
        """,
    )
    values = [task.notebook_task.base_parameters for task in load(tmp_path).job("main").tasks if task.notebook_task]
    assert values == [{"x": "1"}, {"x": "2"}, {"x": "2"}]
    write(tmp_path, databricks="resources: {}\nvariables: {}\nresources: {}\n")
    with pytest.raises(BundleError, match=r"databricks.yml:4: resources stands here and in line 2; keep one"):
        load(tmp_path)


ROOTS = ["~/x", "/Workspace/Users/me", "/Volumes/a", "/dbfs/x", "s3://b/x", "relative/x", ""]


@pytest.mark.parametrize("root", ROOTS)
def test_a_target_elsewhere_names_the_command_that_runs_it(tmp_path: Path, root: str) -> None:
    place = f"{{workspace: {{root_path: '{root}'}}}}" if root else "{}"
    write(
        tmp_path, databricks=f"targets: {{prod: {place}, local: {{default: true, workspace: {{root_path: /tmp/x}}}}}}"
    )
    with pytest.raises(TargetError, match=r"target prod lives in .*databricks bundle run main -t prod"):
        load(tmp_path, "prod").local_root("main")
    assert load(tmp_path).local_root() == Path("/tmp/x")


def test_a_root_that_counts_from_nowhere_is_answered_with_one_that_counts_from_the_bundle(tmp_path: Path) -> None:
    write(tmp_path, databricks="targets: {local: {default: true, workspace: {root_path: ./.state}}}")
    with pytest.raises(TargetError, match=r"root_path \./\.state, .*such as \$\{workspace\.file_path\}/\.state, or"):
        load(tmp_path).local_root("main")


def test_a_folder_here_takes_the_place_of_a_workspace(tmp_path: Path) -> None:
    job = "{main: {tasks: [{task_key: a, notebook_task: {notebook_path: a, base_parameters: {x: '${workspace.root_path}'}}}]}}"
    write(tmp_path, databricks=f"targets: {{dev: {{mode: development}}}}\nresources: {{jobs: {job}}}")
    bundle = load_bundle(tmp_path, root=tmp_path / "here")
    assert bundle.local_root("main") == tmp_path / "here"
    assert bundle.job("main").tasks[0].cells_values == {"x": str(tmp_path / "here")}
    with pytest.raises(TargetError, match=r"or here, with a folder for it: --root DIR"):
        load_bundle(tmp_path).local_root("main")


def test_an_unknown_job_or_target_is_answered_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, databricks=f"targets: {{local: {{}}}}\nresources: {{jobs: {{sales_daily: {{tasks: [{TASK}]}}}}}}")
    with pytest.raises(UsageError, match=r"job sales_dayly does not exist in .*; did you mean sales_daily?"):
        load(tmp_path).job("sales_dayly")
    with pytest.raises(TargetError, match=r"target locl does not exist in this bundle; did you mean local?"):
        load(tmp_path, "locl")
    with pytest.raises(UsageError, match=r"no databricks.yml in /proc or above"):
        load(Path("/proc"))
    (tmp_path / "deep/er").mkdir(parents=True)
    assert load(tmp_path / "deep/er").name == "small"
    write(tmp_path, databricks="targets: {local: {}}\npython: {resources: ['resources:load']}")
    with pytest.raises(
        UsageError, match=r"job main does not exist in .*; it may be one that Python code makes \(resources:load\)"
    ):
        load(tmp_path).job("main")


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, databricks="targets: {a: [}")
    with pytest.raises(BundleError, match=r"databricks.yml:2: this is not YAML"):
        load(tmp_path)
