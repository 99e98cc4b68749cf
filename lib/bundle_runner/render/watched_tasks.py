"""The tasks of a DAG that starts the deployed job: one for each task of the job, to watch how it ends."""

from __future__ import annotations

from bundle_runner.plan.graph import Graph
from bundle_runner.render.source import BODY, call, literal, names, several

TAKEN = (
    *(
        "CONNECTION",
        "JOB",
        "LEFT_OUT",
        "WAIT",
        "DOUBLING",
        "CARE",
        "BaseOperator",
        "PARAMETERS",
        "DAG",
        "Param",
        "DatabricksHook",
        "get_current_context",
    ),
    *("hook", "run_of", "state_of", "judge", "begin", "watch", "end", "task", "run", "ended"),
    *("os", "sha256", "timedelta", "pendulum"),
)
UNLIMITED = 1_000_000


def lines(graph: Graph) -> list[str]:
    """Return the body of the DAG, the tasks in the order in which they can start."""
    keys = list(graph.coming(()))
    variables = names(keys, TAKEN)
    found = ["run = begin()"]
    for key in keys:
        tries = graph.tasks[key].max_retries
        said = ["run", literal(key), f"tries={tries if tries >= 0 else UNLIMITED}"]
        found.append(call(f"{variables[key]} = watch.override(task_id={literal(key)})(", said, BODY))
    found += ["ended = end(run)", ""]
    for key in keys:
        parents = list(dict.fromkeys(variables[one.task_key] for one in graph.tasks[key].depends_on))
        if parents:
            found.append(several(parents, f" >> {variables[key]}"))
    found.append(several([variables[key] for key in graph.leaves], " >> ended"))
    return [line for text in found for line in text.split("\n")]
