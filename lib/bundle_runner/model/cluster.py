"""The clusters of a job."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from bundle_runner.model.base import Strict, Text


class NewCluster(Strict):
    """A cluster as Databricks makes it; the laptop takes `spark_conf` and `spark_env_vars` from it."""

    spark_conf: dict[str, Text] = Field(default_factory=dict)
    spark_env_vars: dict[str, Text] = Field(default_factory=dict)
    apply_policy_default_values: bool | None = None
    autoscale: dict[str, Any] | None = None
    autotermination_minutes: int | None = None
    aws_attributes: dict[str, Any] | None = None
    azure_attributes: dict[str, Any] | None = None
    cluster_log_conf: dict[str, Any] | None = None
    cluster_name: str | None = None
    custom_tags: dict[str, Text] = Field(default_factory=dict)
    data_security_mode: str | None = None
    docker_image: dict[str, Any] | None = None
    driver_instance_pool_id: str | None = None
    driver_node_type_flexibility: Any = None
    driver_node_type_id: str | None = None
    enable_elastic_disk: bool | None = None
    enable_local_disk_encryption: bool | None = None
    gcp_attributes: dict[str, Any] | None = None
    init_scripts: list[Any] = Field(default_factory=list)
    instance_pool_id: str | None = None
    is_single_node: bool | None = None
    kind: str | None = None
    lifecycle: Any = None
    node_type_id: str | None = None
    num_workers: int | None = None
    permissions: Any = None
    policy_id: str | None = None
    remote_disk_throughput: int | None = None
    runtime_engine: str | None = None
    single_user_name: str | None = None
    spark_version: str | None = None
    ssh_public_keys: list[str] = Field(default_factory=list)
    total_initial_remote_disk_size: int | None = None
    use_ml_runtime: bool | None = None
    worker_node_type_flexibility: Any = None
    workload_type: dict[str, Any] | None = None


class PyPi(Strict):
    """A package of PyPI with its version."""

    package: str
    repo: str | None = None


class Library(Strict):
    """A Python library of the cluster; on a laptop the environment must already hold it."""

    later: ClassVar[frozenset[str]] = frozenset({"jar", "maven", "cran", "egg"})
    whl: str | None = None
    pypi: PyPi | None = None
    requirements: str | None = None

    @property
    def dependencies(self) -> tuple[str, ...]:
        """Return it as the environment of a serverless job writes it."""
        named = (self.whl, self.pypi.package if self.pypi else None)
        return (*(text for text in named if text), *([f"-r {self.requirements}"] if self.requirements else []))


class JobCluster(Strict):
    """A cluster that several tasks of one job share."""

    job_cluster_key: str
    new_cluster: NewCluster = NewCluster()


class EnvironmentSpec(Strict):
    """What an environment holds; a laptop looks for `dependencies`, and Spark's version is this environment's."""

    later: ClassVar[frozenset[str]] = frozenset({"java_dependencies"})
    dependencies: tuple[str, ...] = ()
    client: Text | None = None
    environment_version: Text | None = None
    base_environment: str | None = None


class Environment(Strict):
    """A serverless environment that several tasks of one job share."""

    environment_key: str
    spec: EnvironmentSpec = EnvironmentSpec()
