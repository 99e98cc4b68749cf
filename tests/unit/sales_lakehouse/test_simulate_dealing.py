"""Invoices are dealt by their digits modulo 3."""

import pytest

from sales_lakehouse.simulate.dealing import Seller, invoices_of, seller_of
from sales_lakehouse.simulate.samples import read_samples
from tests.samples import SAMPLES, sample_days, seller_total


@pytest.mark.parametrize(
    ("invoice_no", "seller"),
    [
        ("540000", Seller.ONLINE_SHOP),
        ("540001", Seller.GIFT_PARTNER),
        ("540002", Seller.EURO_PARTNER),
        ("C540001", Seller.GIFT_PARTNER),
    ],
)
def test_the_digits_modulo_three_name_the_seller(invoice_no: str, seller: Seller) -> None:
    assert seller_of(invoice_no) is seller


def test_every_seller_sells_on_every_day_what_the_rule_gives_it() -> None:
    days = read_samples(SAMPLES)
    assert len(days) == len(sample_days()) == 14
    for each in days:
        for seller in Seller:
            lines = [line for invoice in invoices_of(seller, each) for line in invoice.lines]
            expected = seller_total(f"{each.day}", seller.value)
            assert expected.lines > 0
            assert len(lines) == expected.lines
            assert sum(line.amount for line in lines) == expected.amount
