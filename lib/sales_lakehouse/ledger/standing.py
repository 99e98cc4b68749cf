"""A record without a row of its own: which other statement stands in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.ledger.faults import unit_names
from sales_lakehouse.ledger.query import literal, quoted, select
from sales_lakehouse.specs import Pipelines, SourceSpec
from sales_lakehouse.specs.judgement import Mapping
from sales_lakehouse.spelling import prepared


def told_by_others(
    root: Path, pipelines: Pipelines, source: SourceSpec, row: dict[str, Any], unit: Manifest | None
) -> Iterator[str]:
    """Say what stands in place of a judged record: the statement that superseded it, or the row of the same key."""
    name_of = unit_names(root)
    if lost := _superseded(root, source, row):
        yield _lost(root, source, lost, name_of)
        return
    found = _same_key(root, pipelines, source, row)
    if not found:
        yield _left_out(root, source, unit)
        return
    newest = max(found, key=lambda one: (one["_sequence"], one["_unit_id"]))
    told = f"{name_of(newest['_unit_id'])}, record {newest['_record_no']}"
    if newest["_sequence"] > _sequence(source, row, unit):
        yield f"replaced: {told} states the row anew and stands; nothing is to do"
    else:
        yield f"unchanged: the row stood already as {told} states it; nothing is to do"


def _superseded(root: Path, source: SourceSpec, row: dict[str, Any]) -> dict[str, Any] | None:
    statement = f"{row['_unit_id']}/{row['_record_no']}"
    where = f"source = {literal(source.source)} AND _statement IN ({literal(statement)}, {literal(row['_unit_id'])})"
    found = select(root, f"SELECT * FROM s WHERE {where} ORDER BY _winner", s="ops.superseded")
    return found[0] if found else None


def _lost(root: Path, source: SourceSpec, lost: dict[str, Any], name_of: Callable[[str], str]) -> str:
    """Name the statement that stands in a scope; where its rows have gone, the one that stood then."""
    where = f"source = {literal(source.source)} AND _scope = {literal(lost['_scope'])}"
    newest = f"SELECT _statement FROM s WHERE {where} ORDER BY _sequence DESC LIMIT 1"
    standing = select(root, newest, s=f"silver.{source.silver.table}")
    winner = standing[0]["_statement"] if standing else lost["_winner"]
    if winner is None:
        return f"{lost['_disposition']}: a newer statement came, whose rows are gone since; nothing is to do"
    unit, _, record = winner.partition("/")
    told = name_of(unit) + (f", record {record}" if record else "")
    pair = f"source = {literal(source.source)} AND loser = {literal(lost['_statement'])}"
    tie = select(root, f"SELECT sequence FROM t WHERE {pair} AND winner = {literal(winner)}", t="ops.ties")
    why = f": both state {tie[0]['sequence']}, and its hash is the greater" if tie else ""
    return f"{lost['_disposition']}: {told} is the statement that stands{why}; nothing is to do"


def _same_key(root: Path, pipelines: Pipelines, source: SourceSpec, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the published rows under the parts of the key that the raw record states as text."""
    table = pipelines.silver[source.silver.table]
    wheres = [f"source = {literal(source.source)}"]
    for name in table.key:
        mapping = source.silver.columns.get(name)
        if mapping and table.type_of(name) in ("STRING", "INT", "BIGINT"):
            text = _text(root, source, row, mapping)
            wheres += [f"CAST({quoted(name)} AS VARCHAR) = {literal(text)}"] if text is not None else []
    if len(wheres) == 1:
        return []
    sql = f"SELECT _unit_id, _record_no, _sequence FROM s WHERE {' AND '.join(wheres)}"
    return select(root, sql, s=f"silver.{table.table}")


def _text(root: Path, source: SourceSpec, row: dict[str, Any], mapping: Mapping) -> str | None:
    if mapping.number_within:
        within = quoted(mapping.number_within)
        where = f"_unit_id = {literal(row['_unit_id'])} AND {within} = {literal(row[mapping.number_within] or '')}"
        sql = f"SELECT count(*) AS n FROM b WHERE {where} AND _kind = 'record' AND _record_no <= {row['_record_no']}"
        return str(select(root, sql, b=f"bronze.{source.source}")[0]["n"])
    return mapping.value if mapping.value is not None else prepared(row.get(mapping.from_ or ""), mapping)


def _sequence(source: SourceSpec, row: dict[str, Any], unit: Manifest | None) -> str:
    if source.silver.sequence == "received_at":
        return unit.received_at if unit else ""
    return str(row[source.silver.sequence])


def _left_out(root: Path, source: SourceSpec, unit: Manifest | None) -> str:
    """Name the newest delivery of the same name or date: it leaves the record out."""
    later = [
        manifest
        for manifest in LandingStore(root / "landing").manifests(source.source)
        if unit and manifest.received_at > unit.received_at and _of_same(manifest, unit)
    ]
    told = f"{unit_names(root)(later[-1].unit_id)} does not list it" if later else "a newer statement leaves it out"
    return f"deleted: {told}, so it is published no more; nothing is to do if the source meant that"


def _of_same(manifest: Manifest, unit: Manifest) -> bool:
    same_date = unit.business_date is not None and manifest.business_date == unit.business_date
    return manifest.name == unit.name or same_date
