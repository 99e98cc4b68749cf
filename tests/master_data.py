"""What the shop's customers and products are at the close of a day, by plain Python from the raw rows.

Like `tests.samples`, it uses no code of the project. What a record says is computed anew from all rows until
the moment in question; no state is carried along.
"""

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from tests.samples import raw_rows, sample_days

Row: TypeAlias = dict[str, str]
Document: TypeAlias = dict[str, Any]

IDS = {"customers": "customer_id", "products": "product_id"}


@dataclass(frozen=True)
class Moment:
    """Hold what a record said after one invoice (customers) or one line (products)."""

    day: str
    at: str
    document: Document


@cache
def expected(listing: str, until: str) -> dict[str, Document]:
    """Give every record as it is at the close of a day, by its id."""
    found = {key: current(moments, until) for key, moments in histories(listing).items()}
    return {key: document for key, document in found.items() if document}


def current(moments: list[Moment], until: str) -> Document:
    """Give the record's version at the close of a day; days that end as they began make none."""
    said: Document = {}
    since = ""
    for _, of_day in itertools.groupby((each for each in moments if each.day <= until), lambda each: each.day):
        newest_first = list(of_day)[::-1]
        if newest_first[0].document != said:
            said = newest_first[0].document
            since = start_of_run(newest_first)
    return {**said, "updated_at": f"{since}Z"} if said else {}


def start_of_run(newest_first: list[Moment]) -> str:
    """Tell since when the newest document has stood without a break."""
    newest = newest_first[0]
    return list(itertools.takewhile(lambda each: each.document == newest.document, newest_first))[-1].at


@cache
def histories(listing: str) -> dict[str, list[Moment]]:
    """Give each record's moments, oldest first."""
    column, history = {"customers": ("CustomerID", customer), "products": ("StockCode", product)}[listing]
    rows_of: dict[str, list[Row]] = {}
    for row in (row for day in sample_days() for row in raw_rows(day) if row[column]):
        rows_of.setdefault(row[column].removesuffix(".0"), []).append(row)
    return {key: history(rows) for key, rows in rows_of.items()}


def customer(rows: list[Row]) -> list[Moment]:
    """Tell what is known of a customer after each invoice."""
    invoices = [list(lines) for _, lines in itertools.groupby(rows, lambda row: row["InvoiceNo"])]
    units = [sum(int(row["Quantity"]) for row in lines) for lines in invoices]
    return [
        _moment(
            lines[-1],
            customer_id=lines[-1]["CustomerID"].removesuffix(".0"),
            country_name=lines[-1]["Country"],
            segment="wholesale" if max(units[:number]) >= 300 else "retail",
            first_seen_at=rows[0]["InvoiceDate"].replace(" ", "T"),
        )
        for number, lines in enumerate(invoices, start=1)
    ]


def product(rows: list[Row]) -> list[Moment]:
    """Tell what is known of a product after each line."""
    return [_product(rows[:number]) for number in range(1, len(rows) + 1)]


def _product(rows: list[Row]) -> Moment:
    priced = [row for row in rows if float(row["UnitPrice"]) > 0]
    names = [row["Description"].strip() for row in priced if row["Description"].strip()]
    code = rows[-1]["StockCode"]
    return _moment(
        rows[-1],
        product_id=code,
        product_name=names[-1] if names else None,
        kind="goods" if code[0] in "0123456789" else "charge",
        list_price=priced[-1]["UnitPrice"] if priced else None,
        currency_code="GBP",
    )


def _moment(row: Row, **document: str | None) -> Moment:
    return Moment(row["InvoiceDate"][:10], row["InvoiceDate"].replace(" ", "T"), document)
