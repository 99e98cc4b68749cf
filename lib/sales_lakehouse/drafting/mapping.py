"""The way to silver: which column is which, what a delivery states, and what nothing in the sample tells."""

from __future__ import annotations

from collections.abc import Iterator

from sales_lakehouse.drafting.findings import Findings
from sales_lakehouse.drafting.guess import Guess
from sales_lakehouse.drafting.names import SILVER_COLUMNS
from sales_lakehouse.drafting.values import Column
from sales_lakehouse.drafting.yaml_lines import comment, line
from sales_lakehouse.specs.unfinished import NO_CURRENCY

_SHOWN = 8


def mapping_lines(found: Findings) -> Iterator[str]:
    """Yield the part `silver` of a source file."""
    yield "silver:"
    yield "  table: sale_lines"
    if found.shape.explode:
        told = f"a list of objects: {len(found.shape.items):,} in {len(found.shape.records):,} records"
        yield line("explode", Guess(found.shape.explode, told), 1)
    yield line("scope", _scope(found), 1)
    yield f"  # guess: {comment(_key_in_words(found))}"
    yield line("sequence", _sequence(found), 1)
    yield "  columns:"
    for name in SILVER_COLUMNS:
        yield _column(name, found)
    yield _business_date(found)


def unmapped(found: Findings) -> list[tuple[str, Column]]:
    """Return the columns that no silver column is guessed to come from."""
    return [(name, column) for name, column in found.columns.items() if name not in found.origins.values()]


def _scope(found: Findings) -> Guess:
    when = found.origins.get("sold_at")
    if found.shape.explode and "order_id" in found.origins:
        return Guess({"kind": "document", "column": "order_id"}, "a record holds a list, as an order its lines")
    if when and found.day and {str(day) for day in found.dates_of(when)} == {found.day}:
        told = f"all times are of the file name's date {found.day}, so the file may state a whole day"
        return Guess({"kind": "slice", "column": "business_date"}, told)
    told = "whether a file states a whole date, an order or a row: see pipelines/README.md"
    return Guess({"kind": "slice", "column": "business_date"}, told, open=True)


def _key_in_words(found: Findings) -> str:
    key = found.unique_key()
    if key:
        return f"key: {', '.join(key)} differ in all {len(found.shape.records):,} records"
    return "key: no column and no pair of columns differs in all records; a line is told by its place in the order"


def _sequence(found: Findings) -> Guess:
    for name in found.shape.columns:
        column = found.columns.get(name)
        if column and column.kind == "time" and any(word in name.lower() for word in ("updat", "modif", "chang")):
            return Guess(name, f"its name says so; {column.evidence}")
    return Guess("received_at", "no field of the sample orders statements")


def _column(name: str, found: Findings) -> str:
    origin = found.origins.get(name)
    if origin:
        return line(name, Guess(_from(name, origin, found), f"{origin}: {found.columns[origin].evidence}"), 2)
    if name == "line_number" and found.origins.get("order_id") in found.shape.columns:
        order = found.origins["order_id"]
        return line(name, Guess({"number_within": order}, "no column numbers the lines of an order"), 2)
    if name == "currency_code":
        return line(name, Guess({"value": NO_CURRENCY}, "no column names a currency; ISO 4217 code", open=True), 2)
    return _gap(name, found)


def _gap(name: str, found: Findings) -> str:
    """Leave a column to a person, with the columns of the sample that nothing is mapped to yet."""
    free = [comment(origin) for origin, _ in unmapped(found)]
    more = f" and {len(free) - _SHOWN:,} more" if len(free) > _SHOWN else ""
    told = f"; not mapped yet: {', '.join(free[:_SHOWN])}{more}" if free else ""
    return f"    # {name}: {{from: }}  # fill in: nothing in the sample looks like it{told}"


def _business_date(found: Findings) -> str:
    origin = found.origins.get("sold_at")
    if origin is None:
        return _gap("business_date", found)
    above = [name for name in found.shape.columns if _is_order_time(name, found)] if "." in origin else []
    chosen = above[0] if above else origin
    return line("business_date", Guess(_from("business_date", chosen, found), f"the local date of {chosen}"), 2)


def _is_order_time(name: str, found: Findings) -> bool:
    column = found.columns.get(name)
    return column is not None and column.kind == "time" and "order" in name.lower()


def _from(name: str, origin: str, found: Findings) -> dict[str, object]:
    column = found.columns[origin]
    mapping: dict[str, object] = {"from": origin}
    if name == "product_name":
        mapping["trim"] = True
    if column.ending and name in ("customer_id", "order_id", "product_id"):
        mapping["strip_suffix"] = column.ending
    if column.kind == "time" and column.formats[0] != found.time_format.value:
        mapping["time_format"] = column.formats[0]
    return mapping
