"""`lakehouse sources`: what is declared under pipelines/."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sales_lakehouse.commands.declared import (
    Refused,
    bundle_option,
    find_source,
    format_option,
    is_path,
    load_declared,
    must_be_new,
    told,
)
from sales_lakehouse.quality.rule_file import rule_file, rules_of_tables
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.fields import field_tables
from sales_lakehouse.specs.schema import source_schema
from sales_lakehouse.specs.unfinished import placeholders, unfinished
from sales_lakehouse.wording import counted


@click.group()
def sources() -> None:
    """List, show and draft source files; print rules and schema."""


@sources.command("list")
@bundle_option
@format_option
def list_sources(bundle: Path, form: str) -> None:
    """List the sources: name, delivery, format, silver table."""
    rows = [_facts(spec) for spec in load_declared(bundle).sources.values()]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(
            f"{row['source']:<16} {row['delivery']:<6} {row['format']:<5} -> {row['table']}  {row['description']}"
        )


@sources.command()
@click.argument("source")
@bundle_option
def show(source: str, bundle: Path) -> None:
    """Show what SOURCE says, defaults included.

    SOURCE is a name or the path of a source file. On standard error: where its deliveries go, and which lines of a
    draft were not filled in; ends with 2 when there are any.
    """
    pipelines = load_declared(bundle)
    spec = find_source(pipelines, source)
    click.echo(spec.model_dump_json(indent=1, by_alias=True, exclude_none=True))
    if spec.delivery.kind == "files":
        click.echo(f"deliveries go into the folder {source}/ of the inbox", err=True)
    path = Path(source) if is_path(source) else pipelines.root / "sources" / f"{source}.yml"
    if left := unfinished(path):
        raise Refused(left)


@sources.command()
@click.argument("source")
@bundle_option
def rules(source: str, bundle: Path) -> None:
    """Print the rules for SOURCE's rows as SQL predicates.

    They say what keeps a row and what quarantines it. For pipelines that judge rows by expectations. Rules over
    several rows are named on standard error.
    """
    pipelines = load_declared(bundle)
    spec = find_source(pipelines, source)
    asked = [*pipelines.table_of(spec).rules, *spec.silver.rules]
    click.echo(json.dumps(rule_file(asked), indent=1))
    for name in rules_of_tables(asked):
        click.echo(f"{name} speaks of several rows: it has no predicate, gate_silver judges it", err=True)
    for rule, column in spec.silver.held_rules.items():
        click.echo(f"{rule} asks a dimension for {column}: it has no predicate, step silver judges it", err=True)


@sources.command()
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), default="json")
def schema(form: str) -> None:
    """Print the JSON Schema of a source file, for editors.

    pipelines/source.schema.json is this text. With --format markdown: the fields of source, silver and gold files
    as tables, for people.
    """
    click.echo(field_tables() if form == "markdown" else json.dumps(source_schema(), indent=1))


@sources.command()
@click.option(
    "--from",
    "sample",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A delivery as the partner sends it: delimited text, JSON or JSON lines, packed or not.",
)
@click.option("--name", help="The source's name. Default: from the file's name.")
@click.option("--out", type=click.Path(path_type=Path, exists=False), help="Where to write the draft. Default: here.")
def new(sample: Path, name: str | None, out: Path | None) -> None:
    """Draft a source file from a sample, each guess with evidence."""
    from sales_lakehouse.drafting import draft_source

    if out:
        must_be_new(out)
    with told():
        draft = draft_source(sample.read_bytes(), sample.name, name)
    if out is None:
        click.echo(draft, nl=False)
    else:
        out.write_text(draft, encoding="utf-8")
    click.echo(f"{counted(len(placeholders(draft)), 'line', 'are')} marked `fill in`", err=True)


def _facts(spec: SourceSpec) -> dict[str, str]:
    return {
        "source": spec.source,
        "delivery": spec.delivery.kind,
        "format": spec.format.kind,
        "table": spec.silver.table,
        "description": spec.description,
    }
