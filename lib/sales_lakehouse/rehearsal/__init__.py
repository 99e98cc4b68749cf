"""What would happen to a delivery, told before it is one; nothing is written and no Spark starts."""

from sales_lakehouse.rehearsal.delivery import Rehearsal, rehearse
from sales_lakehouse.rehearsal.next_step import next_step
from sales_lakehouse.rehearsal.tally import Refusal

__all__ = ["Refusal", "Rehearsal", "next_step", "rehearse"]
