"""The tasks of a DAG that calls the runner: each is a step, a condition with its outcomes, or a loop of three."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bundle_runner.model import Job, RunIf, Task
from bundle_runner.plan.graph import Graph
from bundle_runner.render.carried import UNLIMITED
from bundle_runner.render.mail import callbacks, notifier
from bundle_runner.render.source import BODY, call, literal, names, several

# Airflow's own rules for the other three do not wait until all above have ended, or know no task that was left out on
# all sides; there the runner, which is asked before each task, decides.
RULES = {
    RunIf.ALL_SUCCESS: "all_success",
    RunIf.NONE_FAILED: "none_failed_min_one_success",
    RunIf.ALL_FAILED: "all_failed",
    RunIf.ALL_DONE: "all_done",
    RunIf.AT_LEAST_ONE_SUCCESS: "all_done",
    RunIf.AT_LEAST_ONE_FAILED: "all_done",
}
TAKEN = (
    *("BUNDLE", "COMMAND", "TARGET", "GRACE", "DOUBLING", "USAGE", "PARAMETERS", "DEADLINE", "DAG", "Param"),
    *("Caller", "Begin", "Step", "Inputs", "Condition", "End", "BaseOperator", "BaseBranchOperator", "EmptyOperator"),
    *("begin", "end", "json", "os", "subprocess", "timedelta", "sha256", "pendulum", "late", "alert", "SmtpNotifier"),
)


@dataclass(frozen=True)
class Writer:
    """Writes the tasks of one job."""

    job: Job
    graph: Graph
    variables: dict[str, str]

    def task(self, task: Task) -> Iterator[str]:
        """Yield the lines that make a task."""
        name, rule = self.variables[task.task_key], self._rule(task)
        if task.for_each_task:
            yield from self._loop(name, task, rule)
        elif task.condition_task and self._outcomes(task.task_key):
            yield _assigned(name, "Condition", [f"task_id={literal(task.task_key)}", *rule, *_told(task)])
            for outcome in ("true", "false"):
                yield _assigned(f"{name}_{outcome}", "EmptyOperator", [f'task_id="{task.task_key}.{outcome}"'])
            yield f"{name} >> [{name}_true, {name}_false]"
        else:
            yield _assigned(name, "Step", [f"task_id={literal(task.task_key)}", *rule, *_care(task)])

    def _loop(self, name: str, task: Task, rule: list[str]) -> Iterator[str]:
        loop = task.for_each_task
        if loop is None:
            return
        key = task.task_key
        yield _assigned(f"{name}_inputs", "Inputs", [f'task_id="{key}.inputs"', *rule])
        said = [f'task_id="{key}.each"', f"key={literal(key)}", f"max_active_tis_per_dagrun={loop.concurrency}"]
        said += ["map_index_template=\"{{ task.part['input'] }}\"", *_care(loop.task)]
        yield call(f"{name}_each = Step.partial(", said, BODY, f").expand(part={name}_inputs.output)")
        yield _assigned(name, "Step", [f"task_id={literal(key)}", 'trigger_rule="all_done"', *_told(task)])
        yield f"{name}_inputs >> {name}_each >> {name}"
        yield f"{name}_inputs >> {name}"

    def above(self, task: Task) -> str:
        """Return the line that says what a task waits for."""
        first = f"{self.variables[task.task_key]}{'_inputs' if task.for_each_task else ''}"
        found = [
            f"{self.variables[dependency.task_key]}{f'_{dependency.outcome}' if dependency.outcome else ''}"
            for dependency in task.depends_on
        ]
        return several(found or ["begin"], f" >> {first}")

    def _outcomes(self, key: str) -> bool:
        return any(
            dependency.outcome and dependency.task_key == key
            for task in self.graph.tasks.values()
            for dependency in task.depends_on
        )

    def _rule(self, task: Task) -> list[str]:
        return [] if task.run_if is RunIf.ALL_SUCCESS else [f'trigger_rule="{RULES[task.run_if]}"']


def lines(job: Job, graph: Graph) -> list[str]:
    """Return the body of the DAG, the tasks in the order in which they can start."""
    keys = list(graph.coming(()))
    writer = Writer(job, graph, names(keys, TAKEN))
    started = job.mails("on_start")
    told = [f"on_execute_callback={notifier(started, 'on_start', task=True)}"] if started else []
    found = [_assigned("begin", "Begin", ['task_id="run.begin"', *told])]
    found += [line for key in keys for line in writer.task(graph.tasks[key])]
    found.append('end = End(task_id="run.end", trigger_rule="all_done")')
    found += ["", *(writer.above(graph.tasks[key]) for key in keys)]
    found.append(several([writer.variables[key] for key in last(graph)], " >> end"))
    return [line for text in found for line in text.split("\n")]


def last(graph: Graph) -> list[str]:
    """Return the tasks for which the end of the run must wait, so that all others have ended, too.

    A task of several parents may be settled before all of them have ended, unless its rule waits for all.
    """
    order, covered, found = list(graph.coming(())), set[str](), []
    for key in reversed(order):
        if key not in covered:
            found.append(key)
        task = graph.tasks[key]
        if len(task.depends_on) == 1 or RULES[task.run_if] == "all_done":
            covered |= {dependency.task_key for dependency in task.depends_on}
    return sorted(found, key=order.index)


def _care(body: Task) -> list[str]:
    """Return retries, timeout and who is told."""
    found = []
    if body.max_retries:
        found.append(f"retries={body.max_retries if body.max_retries > 0 else UNLIMITED}")
        found.append(f"retry_delay={_span(body.min_retry_interval_millis)}")
        found.append("retry_exponential_backoff=DOUBLING")
    if body.timeout_seconds:
        found.append(f"execution_timeout=timedelta(seconds={body.timeout_seconds}) + GRACE")
    return found + _told(body)


def _span(millis: int) -> str:
    return f"timedelta(milliseconds={millis})" if millis % 1000 else f"timedelta(seconds={millis // 1000})"


def _told(task: Task) -> list[str]:
    doc = [f"doc_md={literal(task.description)}"] if task.description else []
    return doc + callbacks(task)


def _assigned(name: str, kind: str, arguments: list[str]) -> str:
    return call(f"{name} = {kind}(", arguments, BODY)
