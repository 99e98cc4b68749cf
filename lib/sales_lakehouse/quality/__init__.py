"""Rules at work: labels on rows, expectations at gates."""

from sales_lakehouse.quality.gate import Finding, judge_table, sum_up

__all__ = ["Finding", "judge_table", "sum_up"]
