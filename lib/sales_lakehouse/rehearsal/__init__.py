"""What would happen to a delivery, told before it is one; nothing is written and no Spark starts."""

from sales_lakehouse.rehearsal.delivery import Rehearsal, rehearse, rehearse_unit
from sales_lakehouse.rehearsal.earlier import earlier_in_words
from sales_lakehouse.rehearsal.gates import share_in_words, stopped_by
from sales_lakehouse.rehearsal.next_step import next_step
from sales_lakehouse.rehearsal.release import foretell_release
from sales_lakehouse.rehearsal.tally import Refusal

__all__ = [
    "Refusal",
    "Rehearsal",
    "earlier_in_words",
    "foretell_release",
    "next_step",
    "rehearse",
    "rehearse_unit",
    "share_in_words",
    "stopped_by",
]
