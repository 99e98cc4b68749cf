"""Read the raw samples into invoices, each text as the shop wrote it."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.places import SAMPLES_IN_BUNDLE

HEADER = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)

# Times are to the minute: the partners' formats have no seconds to keep them in.
_PATTERNS = {
    "InvoiceNo": r"[A-Z]?[0-9]+",
    "Quantity": r"-?[0-9]+",
    "InvoiceDate": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:00",
    "UnitPrice": r"-?[0-9]+(\.[0-9]+)?",
    "CustomerID": r"([0-9]+\.0)?",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line of an invoice: `row` is the raw text, the rest is what it says.

    Units: `unit_price` in pounds, with the digits of the raw text; `sold_at` is UK local time.
    """

    row: tuple[str, ...]
    stock_code: str
    description: str
    quantity: int
    sold_at: datetime
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """Give quantity × unit price, exactly."""
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class Invoice:
    """Hold one invoice with its lines in the order of the raw file."""

    invoice_no: str
    customer_id: str | None
    country: str
    lines: tuple[Line, ...]

    @property
    def is_cancellation(self) -> bool:
        """Tell whether the shop numbered this invoice as a cancellation."""
        return self.invoice_no.startswith("C")

    @property
    def started_at(self) -> datetime:
        """Give the local time of its first sale."""
        return min(line.sold_at for line in self.lines)

    @property
    def completed_at(self) -> datetime:
        """Give the local time of its last sale."""
        return max(line.sold_at for line in self.lines)


@dataclass(frozen=True, slots=True)
class TradingDay:
    """Hold one day of the shop: the invoices of one raw file."""

    day: date
    invoices: tuple[Invoice, ...]


def read_samples(folder: Path, until: date | None = None) -> tuple[TradingDay, ...]:
    """Read the days up to and including `until` (all days without it), oldest first.

    Raises: SimulatorError when a file is not as agreed or no day is old enough.
    """
    dated = [(_day_of(path), path) for path in sorted(folder.glob("*.csv"))]
    chosen = [(day, path) for day, path in dated if until is None or day <= until]
    if not chosen:
        span = f"{dated[0][0]} to {dated[-1][0]}" if dated else "no day at all"
        raise SimulatorError(
            f"{folder}: no sample day on or before {until}; the samples hold {span}; choose a later date"
        )
    return tuple(TradingDay(day, read_invoices(path)) for day, path in chosen)


def read_invoices(path: Path) -> tuple[Invoice, ...]:
    """Read one raw file into its invoices, in the order in which they begin.

    Raises: SimulatorError naming file and line where the file is not as agreed.
    """
    rows_of: dict[str, list[tuple[str, ...]]] = {}
    for row in _read_rows(path):
        rows_of.setdefault(row[0], []).append(row)
    return tuple(_invoice(path, rows) for rows in rows_of.values())


def _day_of(path: Path) -> date:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        raise SimulatorError(
            f"{path}: sample files are named by their day, like 2011-01-04.csv; move this file elsewhere"
        ) from None


def _read_rows(path: Path) -> Iterator[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            _check_header(path, next(reader, []))
            for row in reader:
                _check_row(path, reader.line_num, row)
                yield tuple(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise _damaged(path, reader.line_num + 1, str(error)) from error


def _check_header(path: Path, names: Sequence[str]) -> None:
    if tuple(names) != HEADER:
        raise _damaged(path, 1, f"the header is not {','.join(HEADER)}")


def _check_row(path: Path, line_no: int, row: Sequence[str]) -> None:
    if len(row) != len(HEADER):
        raise _damaged(path, line_no, f"{len(row)} fields instead of {len(HEADER)}")
    for name, text in _named(row).items():
        if name in _PATTERNS and not re.fullmatch(_PATTERNS[name], text):
            raise _damaged(path, line_no, f"{name} cannot be {text[:40]!r}")


def _damaged(path: Path, line_no: int, what: str) -> SimulatorError:
    return SimulatorError(
        f"{path}, line {line_no}: {what}; nothing was delivered; "
        f"restore the samples with: git checkout -- {SAMPLES_IN_BUNDLE}"
    )


def _invoice(path: Path, rows: Sequence[tuple[str, ...]]) -> Invoice:
    first = _named(rows[0])
    if len({row[6:] for row in rows}) > 1:
        raise SimulatorError(
            f"{path}: invoice {first['InvoiceNo']} names more than one customer or country; "
            f"restore the samples with: git checkout -- {SAMPLES_IN_BUNDLE}"
        )
    return Invoice(
        invoice_no=first["InvoiceNo"],
        customer_id=first["CustomerID"].removesuffix(".0") or None,
        country=first["Country"],
        lines=tuple(_line(row) for row in rows),
    )


def _line(row: tuple[str, ...]) -> Line:
    field = _named(row)
    return Line(
        row=row,
        stock_code=field["StockCode"],
        description=field["Description"],
        quantity=int(field["Quantity"]),
        sold_at=datetime.fromisoformat(field["InvoiceDate"]),
        unit_price=Decimal(field["UnitPrice"]),
    )


def _named(row: Sequence[str]) -> Mapping[str, str]:
    return dict(zip(HEADER, row, strict=True))
