"""`lakehouse sources`: what is declared under pipelines/."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sales_lakehouse.errors import LakehouseError
from sales_lakehouse.simulate.places import find_bundle
from sales_lakehouse.specs import SourceSpec, load_pipelines
from sales_lakehouse.specs.fields import field_tables


class SpecRefused(click.ClickException):
    """A declaration that is not valid."""

    exit_code = 2


@click.group()
def sources() -> None:
    """List the sources, show one, print their JSON Schema."""


@sources.command("list")
@click.option(
    "--bundle", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder of the bundle."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def list_sources(bundle: Path, form: str) -> None:
    """List the sources: name, delivery, format, silver table."""
    rows = [_facts(spec) for spec in _load(bundle).values()]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(
            f"{row['source']:<16} {row['delivery']:<6} {row['format']:<5} -> {row['table']}  {row['description']}"
        )


@sources.command()
@click.argument("source")
@click.option(
    "--bundle", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder of the bundle."
)
def show(source: str, bundle: Path) -> None:
    """Show what a source file says, defaults included."""
    specs = _load(bundle)
    if source not in specs:
        raise click.UsageError(f"there is no source {source!r}; there are {', '.join(specs)}")
    click.echo(specs[source].model_dump_json(indent=1, by_alias=True, exclude_none=True))


@sources.command()
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), default="json")
def schema(form: str) -> None:
    """Print the JSON Schema of a source file, for editors.

    With --format markdown: the fields of source, silver and gold files as tables, for people.
    """
    click.echo(field_tables() if form == "markdown" else json.dumps(SourceSpec.model_json_schema(), indent=1))


def _load(bundle: Path) -> dict[str, SourceSpec]:
    try:
        return load_pipelines(find_bundle(bundle) / "pipelines").sources
    except LakehouseError as cause:
        raise SpecRefused(str(cause)) from cause


def _facts(spec: SourceSpec) -> dict[str, str]:
    return {
        "source": spec.source,
        "delivery": spec.delivery.kind,
        "format": spec.format.kind,
        "table": spec.silver.table,
        "description": spec.description,
    }
