"""Make dates anew from bronze, under today's rules, mapping and SQL: `lakehouse backfill --rebuild`."""

from sales_lakehouse.rebuild.ask import rebuild

__all__ = ["rebuild"]
