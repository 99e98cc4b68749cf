"""What can go wrong with the data, as one tree.

LakehouseError                the root; `exit_code` 1
├── SpecError                 a file under pipelines/ does not say what it must (exit 2)
├── ParameterError            a notebook or command got a value it cannot use (exit 2)
├── DeliveryError             a source could not be read completely; nothing of it was landed as complete
│   └── ApiError              the same for a REST API: status, page and request are named
├── BooksError                counts or amounts do not close; nothing was promoted
├── TableError                a table is missing, or is not what the step expects
├── StorageError              a disk is full, or a folder must not be written
└── LeaseError                who may write: one run at a time
    ├── LeaseHeldError        another run holds the lease (exit 4)
    ├── LeaseLostError        this run's lease went to another; nothing more is committed
    └── StoreError            the place of the lakehouse cannot keep a lease (exit 2)
"""

from __future__ import annotations


class LakehouseError(Exception):
    """Say where, what, expected and got, what happened to the data and what to do next."""

    exit_code = 1


class SpecError(LakehouseError):
    """Name the file under pipelines/ and the field that is wrong."""

    exit_code = 2


class ParameterError(LakehouseError):
    """Name the parameter, its value and the values that are possible."""

    exit_code = 2


class DeliveryError(LakehouseError):
    """Name the source and the delivery that could not be read."""


class ApiError(DeliveryError):
    """Name the request, the status and the number of records landed before."""


class BooksError(LakehouseError):
    """Name the unit and the sums that differ."""


class TableError(LakehouseError):
    """Name the table and the step that makes it."""


class StorageError(LakehouseError):
    """Name the file or table that could not be written, and what the system says."""


class LeaseError(LakehouseError):
    """Name the lakehouse and who holds its lease."""


class LeaseHeldError(LeaseError):
    """Name the holder: run, process and times."""

    exit_code = 4


class LeaseLostError(LeaseError):
    """Name who has taken the lease over."""


class StoreError(LeaseError):
    """Name the place and what it lacks or refuses."""

    exit_code = 2
