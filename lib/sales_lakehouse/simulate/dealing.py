"""Deal the shop's invoices to three sellers by a fixed rule.

The digits of the invoice number, read as an integer, modulo 3:
0 → online_shop, 1 → gift_partner, 2 → euro_partner. A cancellation (`C540001`) is dealt by its
digits alone. All lines of an invoice go to one seller and keep their order, so each line has
exactly one seller and the three sellers together are the shop.
"""

import re
from collections.abc import Sequence
from enum import Enum

from sales_lakehouse.simulate.samples import Invoice, TradingDay


class Seller(Enum):
    """Name the sellers; the value is the name of their source."""

    ONLINE_SHOP = "online_shop"
    GIFT_PARTNER = "gift_partner"
    EURO_PARTNER = "euro_partner"


_HAND = (Seller.ONLINE_SHOP, Seller.GIFT_PARTNER, Seller.EURO_PARTNER)


def seller_of(invoice_no: str) -> Seller:
    """Tell to whom an invoice is dealt."""
    return _HAND[int(re.sub("[^0-9]", "", invoice_no)) % len(_HAND)]


def invoices_of(seller: Seller, trading_day: TradingDay) -> Sequence[Invoice]:
    """Select a seller's invoices of a day, in their order."""
    return [each for each in trading_day.invoices if seller_of(each.invoice_no) is seller]
