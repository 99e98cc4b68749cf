"""The parts of databricks.yml around its jobs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bundle_runner.model.base import Sparing


class Variable(Sparing):
    """A variable of the bundle; `complex` ones are mappings or lists."""

    description: str | None = None
    default: Any = None
    lookup: dict[str, str] | None = None
    type: Literal["complex"] | None = None


class BundleSettings(Sparing):
    """Who the bundle is. Only its name matters on a laptop."""

    name: str
    cluster_id: str | None = None
    compute_id: str | None = None
    databricks_cli_version: str | None = None
    deployment: Any = None
    engine: str | None = None
    git: Any = None
    uuid: str | None = None


class Workspace(Sparing):
    """Where the target lives."""

    host: str | None = None
    root_path: str | None = None
    file_path: str | None = None
    artifact_path: str | None = None
    state_path: str | None = None
    resource_path: str | None = None
    profile: str | None = None
    auth_type: str | None = None
    account_id: str | None = None
    workspace_id: str | None = None
    azure_client_id: str | None = None
    azure_environment: str | None = None
    azure_login_app_id: str | None = None
    azure_tenant_id: str | None = None
    azure_use_msi: bool | None = None
    azure_workspace_resource_id: str | None = None
    client_id: str | None = None
    experimental_is_unified_host: bool | None = None
    google_service_account: str | None = None


class Target(Sparing):
    """What a target changes of the bundle."""

    default: bool = False
    mode: Literal["development", "production"] | None = None
    presets: dict[str, Any] | None = None
    bundle: dict[str, Any] | None = None
    workspace: Workspace | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    resources: dict[str, Any] | None = None
    artifacts: Any = None
    cluster_id: str | None = None
    compute_id: str | None = None
    git: Any = None
    permissions: Any = None
    run_as: Any = None
    sync: Any = None


class BundleFile(Sparing):
    """databricks.yml and what it includes, after the merge. What only a deployment needs stays as it is."""

    bundle: BundleSettings
    include: tuple[str, ...] = ()
    variables: dict[str, Variable] = Field(default_factory=dict)
    targets: dict[str, Target | None] = Field(default_factory=dict)
    workspace: Workspace | None = None
    resources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    presets: dict[str, Any] | None = None
    artifacts: Any = None
    environments: Any = None
    experimental: Any = None
    permissions: Any = None
    python: Any = None
    run_as: Any = None
    scripts: Any = None
    sync: Any = None
