"""Sources that no file declares, for tests of the reader."""

from collections.abc import Mapping, Sequence
from typing import Any

from sales_lakehouse.specs import SourceSpec

COLUMNS = ("id", "name", "amount")


def source_of(
    form: Mapping[str, Any], columns: Sequence[str] = COLUMNS, on_change: Mapping[str, Any] | None = None, **style: str
) -> SourceSpec:
    """Declare a source with this format; `on_change` and style as in a source file."""
    return SourceSpec.model_validate(
        {
            "source": "some_partner",
            "description": "Nobody's partner.",
            "delivery": {"kind": "files", "name": "{business_date}.txt"},
            "format": form,
            "style": {"time_format": "yyyy-MM-dd", "time_zone": "UTC", **style},
            "columns": list(columns),
            "on_change": on_change or {},
            "silver": {
                "table": "sale_lines",
                "scope": {"kind": "slice", "column": "business_date"},
                "columns": {"order_id": {"from": columns[0]}},
            },
        }
    )


def csv_source(columns: Sequence[str] = COLUMNS, on_change: Mapping[str, Any] | None = None, **form: Any) -> SourceSpec:
    """Declare a source of delimited text."""
    return source_of({"kind": "csv", **form}, columns, on_change)
