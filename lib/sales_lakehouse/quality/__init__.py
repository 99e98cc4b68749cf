"""Rules at work: labels on rows, expectations at gates."""

from sales_lakehouse.quality.gate import Finding, judge_table

__all__ = ["Finding", "judge_table"]
