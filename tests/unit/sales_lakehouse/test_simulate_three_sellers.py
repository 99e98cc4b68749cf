"""What the three sellers deliver for a day is together exactly that day of the shop.

Each delivery is read by its own means: HTTP for the shop, Python's csv for the partners.
"""

import csv
import io
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.samples import day_total, raw_rows, sample_days, seller_total
from tests.shops import SIMULATE, make_bundle, running_shop

Row = tuple[str, ...]
Delivered = dict[str, dict[str, list[Row]]]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """Give each seller's rows of each day, in the words of the raw files."""
    bundle = make_bundle(tmp_path_factory.mktemp("bundle"))
    inbox = bundle / "inbox"
    drop = [*SIMULATE, "partner-files", "--inbox", f"{inbox}", "--bundle", f"{bundle}"]
    subprocess.run(drop, check=True, capture_output=True)
    return {
        "online_shop": shop_rows(bundle),
        "gift_partner": {day: list(gift_rows(inbox, day)) for day in sample_days()},
        "euro_partner": {day: list(euro_rows(inbox, day)) for day in sample_days()},
    }


def shop_rows(bundle: Path) -> dict[str, list[Row]]:
    """Read all orders page by page and write each line as the raw file has it."""
    rows: dict[str, list[Row]] = defaultdict(list)
    with running_shop(bundle) as shop:
        page, pages = 1, 1
        while page <= pages:
            said = json.loads(shop.get("/orders", params={"page": page}).text, parse_float=str)
            page, pages = page + 1, said["pages"]
            for order in said["orders"]:
                rows[order["ordered_at"][:10]] += [raw_line(order, each) for each in order["lines"]]
    return rows


def raw_line(order: dict[str, str | None], line: dict[str, str | int | None]) -> Row:
    """Write a line of an order as the raw file has it."""
    return (
        f"{order['order_id']}",
        f"{line['sku']}",
        f"{line['description'] or ''}",
        f"{line['quantity']}",
        f"{line['sold_at']}".replace("T", " "),
        f"{line['unit_price']}",
        f"{order['customer_id']}.0" if order["customer_id"] else "",
        f"{order['country']}",
    )


def gift_rows(inbox: Path, day: str) -> Iterator[Row]:
    """Read the gift partner's file."""
    text = (inbox / f"gift_partner/{day}.csv").read_bytes().decode("utf-8")
    _, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    yield from map(tuple, rows)


def euro_rows(inbox: Path, day: str) -> Iterator[Row]:
    """Read the euro partner's file and write each line as the raw file has it."""
    text = (inbox / f"euro_partner/verkauf_{day}.csv").read_bytes().decode("windows-1252")
    _, *rows, _ = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    for invoice, sku, description, quantity, at, price, customer, country in rows:
        sold_at = f"{datetime.strptime(at, '%d.%m.%Y %H:%M')}"
        number = f"{customer}.0" if customer else ""
        yield invoice, sku, description, quantity, sold_at, price.replace(",", "."), number, country


@pytest.mark.parametrize("day", sample_days())
def test_three_deliveries_are_the_raw_day_line_for_line(day: str, delivered: Delivered) -> None:
    raw = Counter(tuple(row.values()) for row in raw_rows(day))
    assert raw.total() == day_total(day).lines > 0
    assert Counter(row for seller in delivered.values() for row in seller[day]) == raw


@pytest.mark.parametrize("seller", ["online_shop", "gift_partner", "euro_partner"])
def test_each_seller_delivers_its_exact_totals(seller: str, delivered: Delivered) -> None:
    assert sorted(delivered[seller]) == sample_days()
    for day, rows in delivered[seller].items():
        expected = seller_total(day, seller)
        assert len(rows) == expected.lines
        assert sum(int(row[3]) * Decimal(row[5]) for row in rows) == expected.amount
