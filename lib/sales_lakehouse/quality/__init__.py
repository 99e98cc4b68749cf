"""Rules at work: labels on rows, expectations at gates."""

from sales_lakehouse.quality.gate import Finding, Shown, judge_table, sum_up

__all__ = ["Finding", "Shown", "judge_table", "sum_up"]
