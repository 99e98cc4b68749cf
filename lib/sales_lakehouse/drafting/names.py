"""Which column of a sample is which of `sale_lines`: by what it is called and by what it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from operator import itemgetter

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
_UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}
_SHORTEST = 4
SILVER_COLUMNS = tuple(_WORDS)


def match_names(columns: Mapping[str, Column]) -> dict[str, str]:
    """Return the origin of each silver column that a name and its values suggest; no origin is used twice.

    A name that is a known word is taken before one that contains it, and of two the one whose word stands first. An
    only column of times is the time of the sale, whatever it is called.
    """
    found: dict[str, str] = {}
    for rank in (_rank_of_word, _rank_of_part):
        for target in SILVER_COLUMNS:
            fitting = [name for name, column in columns.items() if name not in found.values() and _fits(target, column)]
            ranked = [(place, name) for name in fitting if (place := rank(target, name)) is not None]
            if target not in found and ranked:
                found[target] = min(ranked, key=itemgetter(0))[1]
    times = [name for name, column in columns.items() if column.kind == "time"]
    return found if len(times) != 1 else {"sold_at": times[0], **found}


def _fits(target: str, column: Column) -> bool:
    return column.kind in _KINDS.get(target, _IDENTIFIERS)


def _rank_of_word(target: str, name: str) -> int | None:
    words, plain = _WORDS[target].split(), _plain(name)
    return words.index(plain) if plain in words else None


def _rank_of_part(target: str, name: str) -> int | None:
    plain = _plain(name)
    contained = (n for n, word in enumerate(_WORDS[target].split()) if len(word) >= _SHORTEST and word in plain)
    return next(contained, None)


def _plain(name: str) -> str:
    spelled = (
        name.rpartition(".")[2].lower().translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"})
    )
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", spelled))
