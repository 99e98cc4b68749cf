"""What every notebook keeps, so that a reader and the runner can trust it."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
JOBS = [
    job
    for path in sorted((ROOT / "resources").glob("*.job.yml"))
    for job in yaml.safe_load(path.read_text())["resources"]["jobs"].values()
]
FORBIDDEN = {
    "magic or shell line": re.compile(r"^\s*[%!]", re.MULTILINE),
    "sys.path": re.compile(r"sys\.path"),
    "dbutils at top level": re.compile(r"^dbutils\b", re.MULTILINE),
    "API that Spark Connect lacks": re.compile(r"sparkContext|\.rdd\b|_jvm|newSession|\.cache\(|\.persist\("),
    "display()": re.compile(r"\bdisplay\("),
}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_of(notebook: Any) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def parameters_of(notebook: Any) -> dict[str, Any]:
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assignments = [node for node in ast.parse(cell.source).body if isinstance(node, ast.Assign)]
    assert len(assignments) == len(ast.parse(cell.source).body), "only assignments belong into the parameters cell"
    return {node.targets[0].id: ast.literal_eval(node.value) for node in assignments}  # type: ignore[attr-defined]


def tasks_of(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    inner = [task.get("for_each_task", {}).get("task", task) for task in job["tasks"]]
    return {task["task_key"]: task["notebook_task"] for task in inner if "notebook_task" in task}


def job_of(path: Path) -> dict[str, Any]:
    """Return the one job whose tasks run a notebook."""
    names = [(job, Path(task["notebook_path"]).stem) for job in JOBS for task in tasks_of(job).values()]
    found = {job["name"]: job for job, name in names if name == path.stem}
    (job,) = found.values()
    return job


def test_the_notebooks_are_there_in_the_order_of_the_way() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "05_plan",
        "10_land",
        "20_bronze",
        "25_gate_bronze",
        "30_silver",
        "35_gate_silver",
        "40_gold",
        "45_gate_gold",
        "50_report",
        "60_maintain",
    ]


def test_the_page_of_the_notebooks_says_what_their_titles_say() -> None:
    page = (ROOT / "notebooks/README.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| [")]
    assert rows == [row_of(path) for path in NOTEBOOKS]
    assert "| notebook | reads | writes | one row per | stops when |" in page


def row_of(path: Path) -> str:
    told = dict(re.findall(r"(?m)^\| ([a-z ]+) \| (.*) \|$", read(path).cells[0].source))
    values = (told[name] for name in ("reads", "writes", "one row per", "stops when"))
    return f"| [`{path.stem}`]({path.name}) | {' | '.join(values)} |"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    """One notebook at a time."""

    def test_parameters_are_literals_one_a_line_with_their_meaning(self, path: Path) -> None:
        notebook = read(path)
        assert all(isinstance(value, str) for value in parameters_of(notebook).values())
        (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        assert all("  # " in line for line in cell.source.splitlines())

    def test_every_job_parameter_is_declared(self, path: Path) -> None:
        declared = set(parameters_of(read(path)))
        assert {parameter["name"] for parameter in job_of(path)["parameters"]} <= declared

    def test_every_value_of_its_tasks_is_declared(self, path: Path) -> None:
        declared = set(parameters_of(read(path)))
        tasks = [task for task in tasks_of(job_of(path)).values() if Path(task["notebook_path"]).stem == path.stem]
        for task in tasks:
            assert set(task["base_parameters"]) <= declared

    def test_the_title_tells_what_it_reads_and_when_it_stops(self, path: Path) -> None:
        title = read(path).cells[0].source
        assert title.startswith(f"# {path.stem[:2]} ")
        for row in ("| reads |", "| writes |", "| one row per |", "| parameters |", "| stops when |"):
            assert row in title

    def test_the_last_cell_is_the_end_mark(self, path: Path) -> None:
        assert code_of(read(path))[-1] == "task.end()"
        assert sum("task.end()" in code for code in code_of(read(path))) == 1

    @pytest.mark.parametrize("kind", FORBIDDEN)
    def test_nothing_forbidden_stands_in_a_cell(self, path: Path, kind: str) -> None:
        assert not [code for code in code_of(read(path)) if FORBIDDEN[kind].search(code)]

    def test_no_output_is_committed_but_a_summary_that_nbval_compares(self, path: Path) -> None:
        kept = [cell for cell in read(path).cells if cell.get("outputs")]
        assert all({"summary", "nbval-check-output"} <= set(cell.metadata.get("tags", [])) for cell in kept)

    def test_gates_are_never_retried(self, path: Path) -> None:
        job = job_of(path)
        keys = [key for key, task in tasks_of(job).items() if Path(task["notebook_path"]).stem == path.stem]
        gates = [task for task in job["tasks"] if task["task_key"] in keys and "gate" in path.stem]
        assert all(task["max_retries"] == 0 for task in gates)
