"""Write the partners' daily files: one file states one whole day of one partner."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sales_lakehouse.simulate.dealing import Seller, invoices_of
from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.samples import HEADER, Invoice, Line, TradingDay

EURO_HEADER = (
    "Beleg",
    "Artikel",
    "Bezeichnung",
    "Menge",
    "Zeitpunkt",
    "Einzelpreis",
    "Kunde",
    "Land",
)


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """Hold one delivery: whose it is, its file name, its bytes."""

    source: str
    name: str
    content: bytes


def partner_files(days: Iterable[TradingDay]) -> Iterator[PartnerFile]:
    """Give each partner's file of each day, also for a day on which a partner sold nothing."""
    for each in days:
        yield gift_file(each.day, invoices_of(Seller.GIFT_PARTNER, each))
        yield euro_file(each.day, invoices_of(Seller.EURO_PARTNER, each))


def gift_file(day: date, invoices: Sequence[Invoice]) -> PartnerFile:
    """Write a day as the shop itself wrote it: comma, UTF-8, LF, the rows verbatim."""
    rows = [HEADER, *(line.row for invoice in invoices for line in invoice.lines)]
    content = _csv_text(rows, ",", "\n").encode("utf-8")
    return PartnerFile(Seller.GIFT_PARTNER.value, f"{day}.csv", content)


def euro_file(day: date, invoices: Sequence[Invoice]) -> PartnerFile:
    """Write a day in another tongue, with a TOTAL footer (line count, exact amount).

    Semicolon, decimal comma, Windows-1252, CRLF, `04.01.2011 10:00` in local time.
    Units: the numbers are the shop's own; the partner declares them as euros.
    Raises: SimulatorError for a sign that Windows-1252 does not have.
    """
    lines = [line for invoice in invoices for line in invoice.lines]
    body = [_euro_row(invoice, line) for invoice in invoices for line in invoice.lines]
    total = sum((line.amount for line in lines), Decimal("0.00"))
    rows = [EURO_HEADER, *body, ("TOTAL", str(len(lines)), _decimal_comma(total))]
    name = f"verkauf_{day}.csv"
    content = _windows_1252(name, _csv_text(rows, ";", "\r\n"))
    return PartnerFile(Seller.EURO_PARTNER.value, name, content)


def _euro_row(invoice: Invoice, line: Line) -> tuple[str, ...]:
    return (
        invoice.invoice_no,
        line.stock_code,
        line.description,
        str(line.quantity),
        f"{line.sold_at:%d.%m.%Y %H:%M}",
        _decimal_comma(line.unit_price),
        invoice.customer_id or "",
        invoice.country,
    )


def _windows_1252(name: str, text: str) -> bytes:
    try:
        return text.encode("windows-1252")
    except UnicodeEncodeError as error:
        raise SimulatorError(
            f"{name}: {text[error.start]!r} cannot be written in Windows-1252; "
            "this file was not delivered; take the sign out of the samples"
        ) from error


def _decimal_comma(number: Decimal) -> str:
    return f"{number:f}".replace(".", ",")


def _csv_text(rows: Iterable[Sequence[str]], delimiter: str, line_end: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue()
