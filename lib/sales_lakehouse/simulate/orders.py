"""Render the shop's invoices as the orders of its API."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sales_lakehouse.simulate.dealing import Seller, invoices_of
from sales_lakehouse.simulate.listing import Listing, Record
from sales_lakehouse.simulate.samples import Invoice, Line, TradingDay

Json: TypeAlias = "str | int | Decimal | list[Json] | dict[str, Json] | None"

_SHOP_ZONE = ZoneInfo("Europe/London")


def order_listing(days: Iterable[TradingDay]) -> Listing:
    """List the online shop's orders of these days."""
    return Listing(
        "orders",
        (order_record(each) for day in days for each in invoices_of(Seller.ONLINE_SHOP, day)),
    )


def order_record(invoice: Invoice) -> Record:
    """Render an invoice as an order, last changed when its last line was sold."""
    updated_at = _utc(max(line.sold_at for line in invoice.lines))
    document: dict[str, Json] = {
        "order_id": invoice.invoice_no,
        "version": 1,
        "status": "cancelled" if invoice.is_cancellation else "completed",
        "ordered_at": min(line.sold_at for line in invoice.lines).isoformat(),
        "updated_at": f"{updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "customer_id": invoice.customer_id,
        "country": invoice.country,
        "currency": "GBP",
        "lines": [_line(number, each) for number, each in enumerate(invoice.lines, start=1)],
    }
    return Record(updated_at, invoice.invoice_no, json_text(document))


def json_text(value: Json) -> str:
    """Render JSON with every Decimal as a number of exactly its own digits.

    The json module knows floats only, and a price must not become one.
    """
    match value:
        case Decimal():
            return f"{value:f}"
        case list():
            return f"[{', '.join(json_text(each) for each in value)}]"
        case dict():
            fields = (f"{json_text(key)}: {json_text(each)}" for key, each in value.items())
            return f"{{{', '.join(fields)}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _line(number: int, line: Line) -> Json:
    return {
        "line": number,
        "sku": line.stock_code,
        "description": line.description or None,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "sold_at": line.sold_at.isoformat(),
    }


def _utc(local: datetime) -> datetime:
    return local.replace(tzinfo=_SHOP_ZONE).astimezone(UTC)
