"""Read the files under pipelines/ and refuse what they do not say right."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from sales_lakehouse.errors import SpecError
from sales_lakehouse.specs.rules import Rule
from sales_lakehouse.specs.source import SourceSpec
from sales_lakehouse.specs.tables import GoldSpec, SilverSpec, TableSpec
from sales_lakehouse.specs.wording import in_words
from sales_lakehouse.wording import did_you_mean

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Pipelines:
    """Everything that is declared: sources, silver tables, gold tables, each by name."""

    root: Path
    sources: dict[str, SourceSpec]
    silver: dict[str, SilverSpec]
    gold: dict[str, GoldSpec]

    def source(self, name: str) -> SourceSpec:
        """Return a source.

        Raises: SpecError that lists the sources there are.
        """
        if name not in self.sources:
            raise SpecError(f"there is no source {name!r} in {self.root / 'sources'}{did_you_mean(name, self.sources)}")
        return self.sources[name]

    def table_of(self, source: SourceSpec) -> SilverSpec:
        """Return the silver table that a source fills; the source's own file may lie elsewhere.

        Raises: SpecError when there is no such table, or when the source maps other columns than its contract has.
        """
        table = self.silver.get(source.silver.table)
        if table is None:
            raise SpecError(
                f"source {source.source}: silver table {source.silver.table!r} has no file under silver/; there are "
                f"{', '.join(self.silver)}"
            )
        given = {*source.silver.columns, "source"}
        mapped = [column for column in table.columns if column.derived is None]
        off = (given - {column.name for column in mapped}) | ({c.name for c in mapped if c.required} - given)
        if off:
            raise SpecError(
                f"source {source.source}: silver.columns and the contract of {table.table} differ in: "
                f"{', '.join(sorted(off))}; map each required column of the contract, and no other"
            )
        return table

    def labels_of(self, source: SourceSpec) -> list[str]:
        """Return what a source's records may be labelled with in quarantine: rules, and what typing them finds."""
        silver = source.silver
        rules = [rule.name for rule in (*self.table_of(source).rules, *silver.rules)]
        readable = [f"{column}_is_readable" for column in silver.columns]
        return [
            *rules,
            *silver.held_rules,
            *readable,
            f"{silver.scope.column}_is_the_unit_s",
            "a_deletion_names_what_goes",
        ]

    def sources_of(self, table: str) -> list[SourceSpec]:
        """Return the sources that fill a silver table, sorted by name."""
        return [spec for spec in self.sources.values() if spec.silver.table == table]

    @cached_property
    def fingerprint(self) -> str:
        """Return a hash over all declarations: another value means that rules or SQL changed."""
        texts = [spec.model_dump_json() for specs in (self.sources, self.silver, self.gold) for spec in specs.values()]
        return hashlib.sha256("\n".join([*texts, *(spec.sql for spec in self.gold.values())]).encode()).hexdigest()


def load_pipelines(root: Path) -> Pipelines:
    """Read all declarations under a folder.

    Raises: SpecError naming file, field and what is wrong; nothing was read from any source.
    """
    if not (root / "sources").is_dir():
        raise SpecError(
            f"{root}: there is no folder sources/ in it; set pipelines_root to the bundle's pipelines folder"
        )
    sources = {path.stem: load_source(path) for path in sorted((root / "sources").glob("*.yml"))}
    silver = {path.stem: _read(path, SilverSpec) for path in sorted((root / "silver").glob("*.yml"))}
    gold = {path.stem: _read_gold(path) for path in sorted((root / "gold").glob("*.yml"))}
    pipelines = Pipelines(root, sources, silver, gold)
    _check_references(pipelines)
    return pipelines


def load_source(path: Path) -> SourceSpec:
    """Read one source file.

    Raises: SpecError when it is not valid, or when its name is not the file's.
    """
    spec = _read(path, SourceSpec)
    if spec.source != path.stem:
        raise SpecError(
            f"{path}: source is {spec.source!r}, but the file is named {path.stem!r}; use one name for both"
        )
    return spec


def _read_gold(path: Path) -> GoldSpec:
    sql = path.with_suffix(".sql")
    if not sql.is_file():
        raise SpecError(f"{path}: its query {sql.name} is missing; write it beside the contract, with the same stem")
    return _read(path, GoldSpec, sql=sql.read_text(encoding="utf-8"))


def _read(path: Path, model: type[Model], **extra: Any) -> Model:
    document: Any = None
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return model.model_validate({**document, **extra})
    except FileNotFoundError as cause:
        raise SpecError(f"{path}: there is no such file; nothing was read or landed") from cause
    except yaml.YAMLError as cause:
        raise SpecError(
            f"{path}: not valid YAML: {' '.join(str(cause).split())}; nothing was read or landed"
        ) from cause
    except TypeError as cause:
        raise SpecError(f"{path}: expected `name: value` lines, found none; nothing was read or landed") from cause
    except ValidationError as cause:
        raise SpecError(f"{path}: {in_words(cause, document, model)}; nothing was read or landed") from cause


def _check_references(pipelines: Pipelines) -> None:
    for source in pipelines.sources.values():
        table = pipelines.table_of(source)
        _check_rules(f"source {source.source}", source.silver.rules, table.names())
        _check_held(source, table)
    for stem, table in pipelines.silver.items():
        _check_names(f"silver {stem}", table, {"amount": [table.amount], **_history_names(table)})
        _check_entity(table)
        _check_rules(f"silver {table.table}", table.rules, [*table.names(), *table.history_columns()])
        _check_dimensions(table, pipelines)
    for stem, gold in pipelines.gold.items():
        _check_names(f"gold {stem}", gold, {"ties_to": [tie.column for tie in gold.ties_to]})
        _check_rules(f"gold {gold.table}", gold.rules, gold.names())
        _check_silver(gold, pipelines)


def _check_names(where: str, table: TableSpec, others: Mapping[str, Sequence[str | None]]) -> None:
    """Check that a table is named like its file, and that what its fields name are columns of it."""
    stem = where.partition(" ")[2]
    if table.table != stem:
        raise SpecError(f"{where}: table is {table.table!r}, but the file is named {stem!r}; use one name for both")
    for name, columns in {"key": table.key, "slice": [table.slice], **others}.items():
        for column in columns:
            if column is not None and column not in table.names():
                raise SpecError(
                    f"{where}: {name} names {column!r}, which is no column of the table"
                    f"{did_you_mean(column, table.names())}"
                )


def _history_names(table: SilverSpec) -> dict[str, Sequence[str | None]]:
    history = table.history
    return {"history.entity": history.entity, "history.valid_from": [history.valid_from]} if history else {}


def _check_entity(table: SilverSpec) -> None:
    """Check that the versions of an entity are told apart within it: rows of one key are of one entity."""
    for column in table.history.entity if table.history else ():
        if column not in table.key:
            raise SpecError(
                f"silver {table.table}: history.entity names {column!r}, which is no part of its key "
                f"({', '.join(table.key)}); add it to the key"
            )


def _check_rules(where: str, rules: Sequence[Rule], columns: Sequence[str]) -> None:
    for rule in rules:
        for name in rule.columns:
            if name not in columns:
                raise SpecError(
                    f"{where}: rule {rule.name} speaks of {name!r}, which is no column of the table"
                    f"{did_you_mean(name, columns)}"
                )


def _check_held(source: SourceSpec, table: SilverSpec) -> None:
    known = [reference.column for reference in table.references]
    for column in source.silver.hold_unknown:
        if column not in known:
            raise SpecError(
                f"source {source.source}: hold_unknown names {column!r}, which silver {table.table} has no reference "
                f"for{did_you_mean(column, known)}"
            )


def _check_dimensions(table: SilverSpec, pipelines: Pipelines) -> None:
    for reference in table.references:
        dimension = pipelines.silver.get(reference.to)
        if dimension is None or dimension.history is None or dimension.history.entity != (reference.column,):
            raise SpecError(
                f"silver {table.table}: reference {reference.column!r} names {reference.to!r}, which is no table "
                f"with history whose entity is {reference.column!r}"
            )


def _check_silver(gold: GoldSpec, pipelines: Pipelines) -> None:
    for name in gold.reads:
        if name not in pipelines.silver:
            raise SpecError(f"gold {gold.table}: reads {name!r}, which has no file under silver/")
    for tie in gold.ties_to:
        name, _, column = tie.silver.partition(".")
        columns = pipelines.silver[name].names() if name in pipelines.silver else []
        if column not in columns:
            known = columns or list(pipelines.silver)
            raise SpecError(
                f"gold {gold.table}: ties {tie.column} to {tie.silver}, which is no column of silver"
                f"{did_you_mean(column if columns else name, known)}"
            )
