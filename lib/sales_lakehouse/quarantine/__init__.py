"""What stands aside, record by record, and how it is given back corrected; read without Spark."""

from sales_lakehouse.quarantine.form import read_form, write_form
from sales_lakehouse.quarantine.records import Aside, records_aside
from sales_lakehouse.quarantine.repair import Correction, land_repair, match_corrections, repair_content

__all__ = [
    "Aside",
    "Correction",
    "land_repair",
    "match_corrections",
    "read_form",
    "records_aside",
    "repair_content",
    "write_form",
]
