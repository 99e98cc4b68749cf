"""What the files under pipelines/ say, as frozen values."""

from sales_lakehouse.specs.load import Pipelines, load_pipelines, load_source
from sales_lakehouse.specs.rules import Rule
from sales_lakehouse.specs.source import SourceSpec
from sales_lakehouse.specs.tables import GoldSpec, Reference, SilverSpec, TableSpec, Tie

__all__ = [
    "GoldSpec",
    "Pipelines",
    "Reference",
    "Rule",
    "SilverSpec",
    "SourceSpec",
    "TableSpec",
    "Tie",
    "load_pipelines",
    "load_source",
]
