"""The strict reader: bytes of a unit in, rows that cover every byte out."""

from sales_lakehouse.scan.parts import Part, count_records, cut_unit, scan_part
from sales_lakehouse.scan.rows import scan_schema
from sales_lakehouse.scan.scan import scan_unit, spanned

__all__ = ["Part", "count_records", "cut_unit", "scan_part", "scan_schema", "scan_unit", "spanned"]
