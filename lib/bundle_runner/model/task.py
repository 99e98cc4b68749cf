"""The tasks of a job."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bundle_runner.model.base import Strict, Text
from bundle_runner.model.cluster import Library, NewCluster
from bundle_runner.model.health import Health
from bundle_runner.model.notifications import Told

TaskKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


class RunIf(StrEnum):
    """When a task runs, judged by the states of the tasks it depends on."""

    ALL_SUCCESS = "ALL_SUCCESS"
    ALL_DONE = "ALL_DONE"
    NONE_FAILED = "NONE_FAILED"
    AT_LEAST_ONE_SUCCESS = "AT_LEAST_ONE_SUCCESS"
    ALL_FAILED = "ALL_FAILED"
    AT_LEAST_ONE_FAILED = "AT_LEAST_ONE_FAILED"


class NotebookTask(Strict):
    """A notebook and the values for its parameters cell."""

    notebook_path: str
    base_parameters: dict[str, Text] = Field(default_factory=dict)
    source: Literal["WORKSPACE"] | None = None
    warehouse_id: Text | None = None


class SqlFile(Strict):
    """A file of SQL statements."""

    path: Annotated[str, StringConstraints(pattern=r"\.sql$")]
    source: Literal["WORKSPACE"] | None = None


class SqlTask(Strict):
    """A file of SQL and the values for which it asks; on a laptop the warehouse is the task's cluster."""

    later: ClassVar[frozenset[str]] = frozenset({"query", "dashboard", "alert"})
    file: SqlFile
    parameters: dict[str, Text] = Field(default_factory=dict)
    warehouse_id: Text | None = None


class SparkPythonTask(Strict):
    """A Python file and the arguments of its command line."""

    python_file: str
    parameters: tuple[Text, ...] = ()
    source: Literal["WORKSPACE"] | None = None


class PythonWheelTask(Strict):
    """An entry point of a package, and the arguments of its command line."""

    package_name: str
    entry_point: str
    parameters: tuple[Text, ...] = ()
    named_parameters: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_kind_of_parameters(self) -> PythonWheelTask:
        if self.parameters and self.named_parameters:
            raise PydanticCustomError("kind", "give parameters or named_parameters, not both")
        return self


class ConditionTask(Strict):
    """A comparison of two texts; the outcome is `true` or `false`."""

    op: Literal["EQUAL_TO", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL"]
    left: Text
    right: Text


class ForEachTask(Strict):
    """One task run once per element of a JSON list."""

    inputs: Text
    task: Task
    concurrency: int = Field(default=1, ge=1, le=100)


class RunJobTask(Strict):
    """Another job of the bundle, run as a run of its own; `${resources.jobs.<key>.id}` names it."""

    later: ClassVar[frozenset[str]] = frozenset(
        {
            "dbt_commands",
            "jar_params",
            "notebook_params",
            "pipeline_params",
            "python_named_params",
            "python_params",
            "spark_submit_params",
            "sql_params",
        }
    )
    job_id: Text
    job_parameters: dict[str, Text] = Field(default_factory=dict)


class Dependency(Strict):
    """A task that must end first, and for a condition the outcome it must have."""

    task_key: str
    outcome: Annotated[Text | None, Field(pattern="^(true|false)$")] = None


LATER_KINDS = frozenset(
    {
        "ai_runtime_task",
        "alert_task",
        "clean_rooms_notebook_task",
        "dashboard_task",
        "dbt_cloud_task",
        "dbt_platform_task",
        "dbt_task",
        "gen_ai_compute_task",
        "pipeline_task",
        "power_bi_task",
        "python_operator_task",
        "spark_jar_task",
        "spark_submit_task",
    }
)
KINDS = (
    "notebook_task",
    "sql_task",
    "spark_python_task",
    "python_wheel_task",
    "run_job_task",
    "condition_task",
    "for_each_task",
)


class Task(Told):
    """One task: exactly one of the kinds, and the rules for running it."""

    later: ClassVar[frozenset[str]] = LATER_KINDS | {"compute"}
    task_key: TaskKey
    description: str | None = None
    depends_on: tuple[Dependency, ...] = ()
    run_if: RunIf = RunIf.ALL_SUCCESS
    disabled: bool = False
    notebook_task: NotebookTask | None = None
    sql_task: SqlTask | None = None
    spark_python_task: SparkPythonTask | None = None
    python_wheel_task: PythonWheelTask | None = None
    run_job_task: RunJobTask | None = None
    condition_task: ConditionTask | None = None
    for_each_task: ForEachTask | None = None
    max_retries: int = Field(default=0, ge=-1)
    min_retry_interval_millis: int = Field(default=0, ge=0)
    retry_on_timeout: bool = False
    timeout_seconds: int = Field(default=0, ge=0)
    job_cluster_key: str | None = None
    environment_key: str | None = None
    existing_cluster_id: str | None = None
    new_cluster: NewCluster | None = None
    libraries: tuple[Library, ...] = ()
    disable_auto_optimization: bool | None = None
    health: Health | None = None

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> Task:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            got = " and ".join(kinds) or "none of them"
            raise PydanticCustomError(
                "kind", "expected one of {kinds}, got {got}", {"kinds": ", ".join(KINDS), "got": got}
            )
        return self

    @property
    def kind(self) -> str:
        """Return the kind without its ending: notebook, condition, for_each, ..."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None).removesuffix("_task")

    @property
    def cells_file(self) -> str | None:
        """Return the path of what a kernel runs for this task, a notebook or SQL; None for another kind."""
        if self.notebook_task:
            return self.notebook_task.notebook_path
        return self.sql_task.file.path if self.sql_task else None

    @property
    def cells_values(self) -> dict[str, Text]:
        """Return the values that the task itself gives to what a kernel runs."""
        if self.notebook_task:
            return self.notebook_task.base_parameters
        return self.sql_task.parameters if self.sql_task else {}


class LeftOut(Task):
    """A task that is not chosen: known are its name, its kind and what it waits for, and nothing of it is checked."""

    written_kind: str = ""

    @property
    def kind(self) -> str:
        """Return the kind without its ending, also of one that this runner does not run."""
        return self.written_kind


def outline(key: str, body: Mapping[str, Any]) -> LeftOut:
    """Return a task as it is when it is left out, from what the bundle says of it."""
    kind = next((name for name in body if name.endswith("_task")), "").removesuffix("_task")
    written = body.get("depends_on")
    before = [item for item in written if isinstance(item, Mapping)] if isinstance(written, list) else []
    after = tuple(Dependency.model_construct(task_key=str(item.get("task_key"))) for item in before)
    return LeftOut.model_construct(task_key=key, written_kind=kind, depends_on=after)


ForEachTask.model_rebuild()
