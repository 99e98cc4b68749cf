"""The lease: one writer per lakehouse, whoever it is and wherever it runs."""

from sales_lakehouse.lease.fence import writing
from sales_lakehouse.lease.hold import hold
from sales_lakehouse.lease.store import POSSESSION
from sales_lakehouse.lease.stores import store_at

__all__ = ["POSSESSION", "hold", "store_at", "writing"]
