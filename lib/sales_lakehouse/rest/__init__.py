"""Read a REST API to its last record, or say by name why not; this room alone opens sockets."""

from sales_lakehouse.rest.ahead import read_ahead
from sales_lakehouse.rest.answer import Answer, Ask, Shelf
from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.fingerprint import fingerprints
from sales_lakehouse.rest.page import Page, read_page, values_at
from sales_lakehouse.rest.progress import Progress, ProgressPrinter, Tell
from sales_lakehouse.rest.question import Question
from sales_lakehouse.rest.reading import Complete, Reading

__all__ = [
    "Answer",
    "Ask",
    "Complete",
    "FaultError",
    "Page",
    "Progress",
    "ProgressPrinter",
    "Question",
    "Reading",
    "Shelf",
    "Tell",
    "fingerprints",
    "read_ahead",
    "read_page",
    "values_at",
]
