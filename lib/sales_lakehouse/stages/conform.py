"""Silver, first half: text becomes typed rows, each judged once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from sales_lakehouse.quality.predicates import broken_rules
from sales_lakehouse.specs import SilverSpec, SourceSpec
from sales_lakehouse.specs.judgement import Mapping as ColumnMapping
from sales_lakehouse.specs.judgement import held_rule
from sales_lakehouse.specs.tables import Column as TableColumn
from sales_lakehouse.spelling import Spelling, is_time, spelling_of
from sales_lakehouse.typing import read_clock, read_exactly

LINEAGE = ["_unit_id", "_record_no", "_row_no", "_scope", "_sequence", "_statement", "_statement_hash"]
_UNIT = ["received_at", "unit_date"]
_PLACE = ["_unit_id", "_record_no", "_statement_unit", "_statement_no"]
MENDED = "_stands_in"
"""A column of records among which there are repairs: it tells which these are."""
UNKNOWN = "_unknown"
"""A column of records that may be held back: it tells which references name an entity that is not there."""
Known = Mapping[str, DataFrame]
"""The entities that a column may name, by column: frames that hold them under the column's own name."""


def conform_records(
    records_df: DataFrame, source: SourceSpec, table: SilverSpec, known: Known | None = None
) -> DataFrame:
    """Type and judge the records of one source.

    `known` are the entities that a column may name, for each column whose unknown entities the source holds back.

    Grain: one row per readable record (bronze columns, what `as_delivered` or `with_repairs` says of its statement,
    `received_at`, `unit_date`) → one row per line, with `_repaired_by`, `_errors` and `_warnings` (names of broken
    rules), `_raw` (the record's texts as JSON, of a list in it only the row's own element), `_withdraws`: the record
    says that what it names is gone; no rule asks for more than that name; and `_aside_as`: how the books call it when
    it does not stand, quarantined, repaired or repair_failed.
    Units: times are UTC, dates are local dates of the source.
    """
    texts_df = _with_list_items(_with_numbers(_with_hash(records_df, source), source), source)
    texts = [_text_of(name, mapping).alias(f"_text_{name}") for name, mapping in source.silver.columns.items()]
    typed_df = _with_statement(_with_types(texts_df.select("*", *texts), source, table), source, table)
    judged_df = _with_verdict(_with_unknown(typed_df, known or {}), source, table)
    told = ("_errors", "_warnings", "_raw", "_repaired_by", "_withdraws", "_aside_as")
    return _with_name_aside(judged_df).select(*table.names(), *LINEAGE, *told)


def _with_hash(records_df: DataFrame, source: SourceSpec) -> DataFrame:
    texts = F.to_json(F.struct(*(F.col(f"`{name}`") for name in source.columns)))
    # Neither may a repair lose against the record that it mends by the accident of a hash, nor a repair of a repair:
    # all are the record they stand in for.
    place = F.concat_ws("/", "_statement_unit", F.col("_statement_no").cast("string"))
    alone = (F.col("_unit_id") == F.col("_statement_unit")) & F.col("_repaired_by").isNull()
    text = F.when(alone, texts).otherwise(place)
    return records_df.withColumn("_record_hash", F.sha2(text, 256))


def _with_numbers(records_df: DataFrame, source: SourceSpec) -> DataFrame:
    for name, mapping in source.silver.columns.items():
        if mapping.number_within:
            order = Window.partitionBy("_statement_unit", mapping.number_within).orderBy("_statement_no")
            stands = F.col("_repaired_by").isNull()
            before = F.count_if(stands).over(order.rowsBetween(Window.unboundedPreceding, Window.currentRow))
            number = F.when(stands, before).otherwise(before + 1)  # what a repair replaced keeps the place it had
            records_df = records_df.withColumn(f"_number_{name}", number.cast("string"))
    return records_df


def _with_list_items(records_df: DataFrame, source: SourceSpec) -> DataFrame:
    explode = source.silver.explode
    if explode is None:
        return records_df.withColumn("_row_no", F.lit(0))
    prefix = f"{explode}."
    origins = (m.from_ for m in source.silver.columns.values() if m.from_ and m.from_.startswith(prefix))
    fields = ", ".join(f"`{origin.removeprefix(prefix)}` STRING" for origin in dict.fromkeys(origins))
    items = F.from_json(F.col(explode), f"ARRAY<STRUCT<{fields}>>")
    return records_df.select("*", F.posexplode_outer(items).alias("_position", "_item")).withColumn(
        "_row_no", F.coalesce("_position", F.lit(0))
    )


def _text_of(name: str, mapping: ColumnMapping) -> Column:
    if mapping.value is not None:
        return F.lit(mapping.value)
    if mapping.from_ is None:
        return F.col(f"_number_{name}")
    text = F.col(f"_item.`{mapping.from_.split('.', 1)[1]}`" if "." in mapping.from_ else f"`{mapping.from_}`")
    if mapping.trim:
        text = F.trim(text)
    if mapping.strip_suffix:
        text = F.regexp_replace(text, f"{re.escape(mapping.strip_suffix)}\\z", "")
    return F.when(text != "", text)


def _with_types(texts_df: DataFrame, source: SourceSpec, table: SilverSpec) -> DataFrame:
    explode = source.silver.explode
    raw = F.to_json(F.struct(*(F.col("_item" if c == explode else f"`{c}`").alias(c) for c in source.columns)))
    sequence = "received_at" if source.silver.sequence == "received_at" else f"`{source.silver.sequence}`"
    times = [name for name in source.silver.columns if is_time(table.type_of(name))]
    spellings = {name: spelling_of(mapping, source) for name, mapping in source.silver.columns.items()}
    clocks = [read_clock(F.col(f"_text_{n}"), spellings[n]).alias(f"_clock_{n}") for n in times]
    typed_df = texts_df.select("*", *clocks).select(
        *(_value_of(name, table.type_of(name), spelling).alias(name) for name, spelling in spellings.items()),
        *(F.col(f"_text_{name}") for name in source.silver.columns),
        *(F.col(name) for name in (*_UNIT, *_PLACE, "_row_no", "_record_hash", "_repaired_by")),
        *(F.col(name) for name in texts_df.columns if name == MENDED),
        *(F.lit(None).cast(c.type).alias(c.name) for c in _left_out(source, table)),
        F.lit(source.source).alias("source"),
        F.col(sequence).alias("_sequence"),
        raw.alias("_raw"),
        _withdraws(source).alias("_withdraws"),
    )
    lost = [
        F.when(F.col(f"_text_{name}").isNotNull() & F.col(name).isNull(), F.lit(f"{name}_is_readable"))
        for name in source.silver.columns
    ]
    derived = [F.expr(column.derived).alias(column.name) for column in table.columns if column.derived]
    return typed_df.select("*", *derived, F.array_compact(F.array(*lost)).alias("_unreadable"))


def _withdraws(source: SourceSpec) -> Column:
    deleted = source.silver.deleted
    return F.coalesce(F.col(f"`{deleted.column}`").isin(*deleted.values), F.lit(False)) if deleted else F.lit(False)


def _left_out(source: SourceSpec, table: SilverSpec) -> list[TableColumn]:
    given = {*source.silver.columns, "source"}
    return [column for column in table.columns if column.derived is None and column.name not in given]


def _value_of(name: str, type_name: str, spelling: Spelling) -> Column:
    return read_exactly(F.col(f"_text_{name}"), type_name, spelling, F.col(f"_clock_{name}"))


def _with_statement(rows_df: DataFrame, source: SourceSpec, table: SilverSpec) -> DataFrame:
    """Name what one statement of the source covers: a whole slice by its unit, a document or a row by its record."""
    record = F.concat_ws("/", "_statement_unit", F.col("_statement_no").cast("string"))
    statement, content = record, F.col("_record_hash")
    if source.silver.scope.kind == "slice":
        scope, statement, content = F.col("unit_date"), F.col("_statement_unit"), F.col("_statement_unit")
    elif source.silver.scope.column:
        scope = F.col(source.silver.scope.column)
    else:
        # NULL, when a part of the key is: such a row stands alone, and its rules put it aside.
        scope = F.concat(*(part for name in table.key for part in (F.lit("|"), F.col(name).cast("string"))))
    return rows_df.select(
        "*",
        F.coalesce(scope.cast("string"), record).alias("_scope"),
        scope.isNull().alias("_names_none"),
        statement.alias("_statement"),
        content.alias("_statement_hash"),
    )


def _with_unknown(rows_df: DataFrame, known: Known) -> DataFrame:
    """Say which references of a row name an entity that is not there."""
    unknown = []
    for column, entities_df in known.items():
        there_df = entities_df.select(F.col(column), F.lit(True).alias(f"_there_{column}")).distinct()
        rows_df = rows_df.join(there_df, on=column, how="left")
        is_unknown = F.col(column).isNotNull() & F.col(f"_there_{column}").isNull()
        unknown.append(F.when(is_unknown, F.lit(held_rule(column))))
    return rows_df.withColumn(UNKNOWN, F.array_compact(F.array(*unknown))) if unknown else rows_df


def _with_verdict(rows_df: DataFrame, source: SourceSpec, table: SilverSpec) -> DataFrame:
    rules = [*table.rules, *source.silver.rules]
    errors = [F.col("_unreadable"), broken_rules([rule for rule in rules if rule.severity == "error"])]
    if UNKNOWN in rows_df.columns:
        errors.append(F.col(UNKNOWN))
    if source.silver.scope.kind == "slice":
        column = f"{source.silver.scope.column}"
        outside = ~F.coalesce(F.col(column).cast("string") == F.col("unit_date"), F.lit(True))
        errors.append(F.array_compact(F.array(F.when(outside, F.lit(f"{column}_is_the_unit_s")))))
    nameless = F.array_compact(F.array(F.when(F.col("_names_none"), F.lit("a_deletion_names_what_goes"))))
    broken = F.when(F.col("_withdraws"), nameless).otherwise(F.array_distinct(F.concat(*errors)))
    judged_df = rows_df.withColumn("_errors", broken)
    if source.silver.explode:
        record = Window.partitionBy("_unit_id", "_record_no")
        whole = F.array_sort(F.array_distinct(F.flatten(F.collect_list("_errors").over(record))))
        judged_df = judged_df.withColumn("_errors", whole)
    warnings = [rule for rule in rules if rule.severity == "warn" and rule.kind != "unique"]
    warned = F.when(~F.col("_withdraws"), broken_rules(warnings)).otherwise(F.array().cast("array<string>"))
    return judged_df.withColumn("_warnings", warned)


def _with_name_aside(judged_df: DataFrame) -> DataFrame:
    """Say how a row is called that does not stand.

    A record is repaired only when its last repair holds; else it is in quarantine as before, and the repair has failed.
    """
    if MENDED not in judged_df.columns:
        return judged_df.withColumn("_aside_as", F.lit("quarantined"))
    place = Window.partitionBy("_statement_unit", "_statement_no")
    failed = F.bool_or(F.col("_repaired_by").isNull() & (F.size("_errors") > 0)).over(place)
    name = (
        F.when(F.col("_repaired_by").isNotNull() & ~failed, "repaired")
        .when(F.col(MENDED), "repair_failed")
        .otherwise("quarantined")
    )
    return judged_df.withColumn("_aside_as", name)
