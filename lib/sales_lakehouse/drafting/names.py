"""Which column of a sample is which of `sale_lines`: by what it is called and by what it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from sales_lakehouse.drafting.values import Column, Kind

_WORDS = {
    "order_id": "invoiceno invoice orderid orderno ordernumber order receipt beleg belegnr rechnung bestellung auftrag "
    "facture commande pedido factura ordine fattura",
    "line_number": "line lineno linenumber position pos zeile ligne linea",
    "product_id": "stockcode sku isbn ean articleno article artikel artikelnr productid productcode product itemcode "
    "item produit producto prodotto reference",
    "product_name": "description productname title bezeichnung titel name text designation descripcion descrizione",
    "quantity": "quantity qty copies pieces units menge anzahl stueck quantite cantidad quantita",
    "unit_price": "unitprice price einzelpreis preis stueckpreis prix prixunitaire precio prezzo",
    "currency_code": "currency currencycode waehrung devise moneda valuta",
    "customer_id": "customerid customerno customer clientid client buyer kunde kundennr kundennummer cliente",
    "country_name": "country countryname land pays pais paese",
    "sold_at": "soldat invoicedate orderdate orderedat saledate timestamp datetime date time zeitpunkt datum zeit "
    "fecha data",
}
_KINDS: dict[str, tuple[Kind, ...]] = {
    "line_number": ("whole",),
    "product_name": ("text",),
    "quantity": ("whole",),
    "unit_price": ("whole", "decimal"),
    "currency_code": ("text",),
    "country_name": ("text",),
    "sold_at": ("time",),
}
_IDENTIFIERS: tuple[Kind, ...] = ("text", "whole", "decimal")
_SHORTEST = 4
SILVER_COLUMNS = tuple(_WORDS)


def match_names(columns: Mapping[str, Column]) -> dict[str, str]:
    """Return the origin of each silver column that a name and its values suggest; no origin is used twice.

    A name that is a known word is taken before one that contains it.
    """
    found: dict[str, str] = {}
    for exact in (True, False):
        for target in SILVER_COLUMNS:
            origins = (name for name, column in columns.items() if name not in found.values() and _fits(target, column))
            origin = next((name for name in origins if _is_called(target, name, exact=exact)), None)
            if target not in found and origin is not None:
                found[target] = origin
    return found


def _fits(target: str, column: Column) -> bool:
    return column.kind in _KINDS.get(target, _IDENTIFIERS)


def _is_called(target: str, name: str, *, exact: bool) -> bool:
    plain, words = _plain(name.rpartition(".")[2]), _WORDS[target].split()
    if exact:
        return plain in words
    return any(word in plain for word in words if len(word) >= _SHORTEST)


def _plain(name: str) -> str:
    spelled = name.lower().translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"})
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", spelled))
