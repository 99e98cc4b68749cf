"""Render the shop's invoices as the orders of its API."""

from collections.abc import Iterable

from sales_lakehouse.simulate.dealing import Seller, invoices_of
from sales_lakehouse.simulate.documents import Json, json_text, to_utc, utc_text
from sales_lakehouse.simulate.listing import Listing, Record
from sales_lakehouse.simulate.samples import Invoice, Line, TradingDay


def order_listing(days: Iterable[TradingDay]) -> Listing:
    """List the online shop's orders of these days."""
    return Listing(
        "orders",
        (order_record(each) for day in days for each in invoices_of(Seller.ONLINE_SHOP, day)),
    )


def order_record(invoice: Invoice) -> Record:
    """Render an invoice as an order, last changed when its last line was sold."""
    updated_at = to_utc(invoice.completed_at)
    document: dict[str, Json] = {
        "order_id": invoice.invoice_no,
        "version": 1,
        "status": "cancelled" if invoice.is_cancellation else "completed",
        "ordered_at": invoice.started_at.isoformat(),
        "updated_at": utc_text(updated_at),
        "customer_id": invoice.customer_id,
        "country": invoice.country,
        "currency": "GBP",
        "lines": [_line(number, each) for number, each in enumerate(invoice.lines, start=1)],
    }
    return Record(updated_at, invoice.invoice_no, json_text(document))


def _line(number: int, line: Line) -> Json:
    return {
        "line": number,
        "sku": line.stock_code,
        "description": line.description or None,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "sold_at": line.sold_at.isoformat(),
    }
