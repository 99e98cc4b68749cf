"""Published tables follow their contracts: they gain columns and wider types, and lose nothing."""

from __future__ import annotations

from sales_lakehouse.specs import Pipelines
from sales_lakehouse.specs.growth import compare_columns
from sales_lakehouse.stages.silver import silver_ddl
from sales_lakehouse.tables import Lakehouse, columns_of


def refused_changes(lakehouse: Lakehouse, pipelines: Pipelines) -> list[str]:
    """Say which contracts would make a published table lose something: a column, or a part of its values.

    Tables that were never published refuse nothing.
    """
    wanted = {f"silver.{name}": columns_of(silver_ddl(table)) for name, table in pipelines.silver.items()}
    wanted |= {f"gold.{name}": table.types() for name, table in pipelines.gold.items()}
    refused = {name: compare_columns(lakehouse.columns(name), columns).refused for name, columns in wanted.items()}
    return [f"{name}: {reason}" for name, reasons in refused.items() for reason in reasons]


def grow_silver(lakehouse: Lakehouse, pipelines: Pipelines) -> None:
    """Give the published silver tables what their contracts gained; rows that are there hold NULL in new columns."""
    for name, table in pipelines.silver.items():
        lakehouse.grow(f"silver.{name}", columns_of(silver_ddl(table)))
