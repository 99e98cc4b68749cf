"""A finished lakehouse of five small deliveries, in the shapes that a run leaves, written without Spark.

The partner sends two days. The file of 2011-01-06 comes twice before the first run, so the older one is superseded;
the file of 2011-01-05 is corrected in the second run: one line changes, one goes, one is new.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.signature import sign

SOURCE = "gift_partner"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
NOTED = datetime(2011, 1, 7, tzinfo=UTC)
AMOUNT = pa.decimal128(22, 4)
FIRST_DAY = [
    "540001,A1,MUG,2,2011-01-05 09:00:00,1.50,17850.0,United Kingdom",
    "540001,A2,PLATE,1,2011-01-05 09:00:00,2.00,17850.0,United Kingdom",
    "540002,B1,,5,2011-01-05 10:00:00,1.00,,United Kingdom",
]
EARLY_SECOND_DAY = ["540010,A1,MUG,7,2011-01-06 09:00:00,1.50,17850.0,United Kingdom"]
SECOND_DAY = [
    "540010,A1,MUG,4,2011-01-06 09:00:00,1.50,17850.0,United Kingdom",
    "540010,A3,BOWL,1,2011-01-06 09:00:00,3.25,17850.0,United Kingdom",
    "540011,A3,BOWL",
    "540012,A2,PLATE,6,2011-01-06 11:00:00,2.00,13047.0,France",
]
CORRECTED_FIRST_DAY = [
    "540001,A1,MUG,3,2011-01-05 09:00:00,1.50,17850.0,United Kingdom",
    "540003,A2,PLATE,2,2011-01-05 12:00:00,2.00,13047.0,France",
]


@dataclass(frozen=True)
class Unit:
    """A delivered file and its pieces: kind, record number, start, length, text."""

    manifest: Manifest
    pieces: list[tuple[str, int | None, int, int, str]]

    @property
    def unit_id(self) -> str:
        return self.manifest.unit_id

    def count(self, kind: str) -> int:
        return sum(piece[0] == kind for piece in self.pieces)


def build(root: Path) -> dict[str, Unit]:
    """Write the lakehouse of both runs; return its units by a name that tells what they are."""
    first = land(root, "2011-01-05.csv", "2011-01-06T06:00:00Z", FIRST_DAY)
    early = land(root, "2011-01-06.csv", "2011-01-06T20:00:00Z", EARLY_SECOND_DAY)
    second = land(root, "2011-01-06.csv", "2011-01-07T06:00:00Z", SECOND_DAY)
    _write(root, "bronze.gift_partner", [r for u in (first, early, second) for r in bronze_rows(u)], "r1")
    _write(root, "silver.sale_lines", [*silver_rows(first, "r1"), *silver_rows(second, "r1")], "r1")
    _write(root, "quarantine.sale_lines", quarantine_rows(first), "r1")
    books = [
        balance(first, "accepted_new", 2, "5.00"),
        balance(first, "quarantined", 1, "5.00"),
        balance(early, "superseded", 1, "10.50"),
        balance(second, "accepted_new", 3, "21.25"),
    ]
    _write(root, "ops.balances", books, "r1")
    superseded = {"source": SOURCE, "_scope": "2011-01-06", "_statement": early.unit_id, "_unit_id": early.unit_id}
    _write(
        root,
        "ops.superseded",
        [{**superseded, "_winner": second.unit_id, "_disposition": "superseded", "line_count": 1}],
        "r1",
    )
    _write(root, "ops.units", [unit_row(u, state, "r1") for u in (first, early, second) for state in STATES], "r1")
    _write_gold(root, "r1")

    corrected = land(root, "2011-01-05.csv", "2011-01-08T06:00:00Z", CORRECTED_FIRST_DAY)
    _write(root, "bronze.gift_partner", bronze_rows(corrected), "r2")
    _correct_silver(root, corrected)
    books = [
        balance(corrected, "accepted_update", 1, "4.50"),
        balance(corrected, "accepted_new", 1, "4.00"),
        balance(corrected, "replaced", 0, "3.00", lines=1),
        balance(corrected, "deleted", 0, "2.00", lines=1),
    ]
    _write(root, "ops.balances", [{**row, "run_id": "r2"} for row in books], "r2")
    _write(root, "ops.units", [unit_row(corrected, state, "r2") for state in STATES], "r2")
    _write_gold(root, "r2")
    units = {"first": first, "early": early, "second": second, "corrected": corrected}
    LandingStore(root / "landing").mark(SOURCE, [unit.unit_id for unit in units.values()], "applied")
    return units


STATES = ("recorded", "applied")


def land(root: Path, name: str, received_at: str, lines: list[str]) -> Unit:
    content = "\n".join([HEADER, *lines, ""]).encode()
    told = Manifest(SOURCE, name, received_at, business_date=name.removesuffix(".csv"))
    manifest = LandingStore(root / "landing").put(content, told)
    assert manifest
    pieces: list[tuple[str, int | None, int, int, str]] = [("header", None, 0, len(HEADER) + 1, HEADER)]
    for number, line in enumerate(lines, start=1):
        start = pieces[-1][2] + pieces[-1][3]
        kind = "record" if line.count(",") == HEADER.count(",") else "refused"
        pieces.append((kind, number, start, len(line.encode()) + 1, line))
    return Unit(manifest, pieces)


def bronze_rows(unit: Unit) -> list[dict[str, Any]]:
    rows = []
    for kind, number, start, length, text in unit.pieces:
        values = dict(zip(HEADER.split(","), text.split(","), strict=True)) if kind == "record" else {}
        refused = {"_reason": "3 fields, 8 were agreed", "_raw": text} if kind == "refused" else {}
        lineage = {"_kind": kind, "_unit_id": unit.unit_id, "_record_no": number}
        spans = {"_byte_start": start, "_byte_length": length, "_run_id": "r1", "_ingested_at": NOTED}
        empty = dict.fromkeys([*HEADER.split(","), "_extra", "_reason", "_raw", "_repairs_unit", "_repairs_no"])
        rows.append({**empty, **values, **refused, **lineage, **spans})
    return rows


def silver_rows(unit: Unit, run_id: str) -> list[dict[str, Any]]:
    """Return the rows of the lines that name a product."""
    lines: dict[str, int] = {}
    rows = []
    for kind, number, _, _, text in unit.pieces:
        if kind == "record":
            order = text.split(",")[0]
            lines[order] = lines.get(order, 0) + 1
            rows.append(_silver_row(unit, number, lines[order], text.split(","), run_id))
    return [row for row in rows if row["product_name"]]


def _silver_row(unit: Unit, number: int | None, line: int, fields: list[str], run_id: str) -> dict[str, Any]:
    order, product, name, quantity, sold_at, price, customer, country = fields
    return {
        "source": SOURCE,
        "order_id": order,
        "line_number": line,
        "line_kind": "sale",
        "product_id": product,
        "product_name": name or None,
        "quantity": int(quantity),
        "unit_price": Decimal(price).quantize(Decimal("0.0001")),
        "line_amount": (int(quantity) * Decimal(price)).quantize(Decimal("0.0001")),
        "currency_code": "GBP",
        "customer_id": customer.removesuffix(".0") or None,
        "country_name": country,
        "sold_at": datetime.fromisoformat(f"{sold_at}+00:00"),
        "business_date": date.fromisoformat(sold_at[:10]),
        "_unit_id": unit.unit_id,
        "_record_no": number,
        "_row_no": 0,
        "_scope": unit.manifest.business_date,
        "_sequence": unit.manifest.received_at,
        "_statement": unit.unit_id,
        "_run_id": run_id,
    }


def quarantine_rows(unit: Unit) -> list[dict[str, Any]]:
    kept = {row["_record_no"] for row in silver_rows(unit, "r1")}
    aside = [piece for piece in unit.pieces if piece[0] == "record" and piece[1] not in kept]
    return [
        {
            **_silver_row(unit, number, 1, text.split(","), "r1"),
            "_errors": ["product_is_named"],
            "_raw": text,
            "_repaired_by": None,
        }
        for _, number, _, _, text in aside
    ]


def balance(unit: Unit, disposition: str, records: int, amount: str, lines: int | None = None) -> dict[str, Any]:
    about = {"unit_id": unit.unit_id, "source": SOURCE, "disposition": disposition, "currency_code": "GBP"}
    counts = {"records": records, "line_count": records if lines is None else lines, "unknown_amounts": 0}
    return {**about, **counts, "amount": Decimal(amount).quantize(Decimal("0.0001")), "run_id": "r1"}


def unit_row(unit: Unit, state: str, run_id: str) -> dict[str, Any]:
    m = unit.manifest
    kept, refused = unit.count("record"), unit.count("refused")
    about = {"unit_id": m.unit_id, "source": m.source, "name": m.name, "received_at": m.received_at}
    counts = {"found": kept + refused, "kept": kept, "refused": refused, "quarantined": 0, "other": 1}
    spans = {"size_bytes": m.size_bytes, "bytes_covered": sum(piece[3] for piece in unit.pieces)}
    noted = {"reason": None, "state": state, "run_id": run_id, "noted_at": NOTED, "is_repair": False}
    return {**about, "unit_date": m.business_date, "corrects": m.corrects, **counts, **spans, **noted}


def signed(run_id: str) -> CommitProperties:
    return CommitProperties(custom_metadata={"userMetadata": sign(run_id)})


def _write(root: Path, table: str, rows: Sequence[dict[str, Any]], run_id: str) -> None:
    write_deltalake(root / table.replace(".", "/"), as_table(rows), mode="append", commit_properties=signed(run_id))


def as_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    texts = {"_extra", "_reason", "_raw", "reason", "corrects", "customer_id", "_repairs_unit", "_repaired_by"}
    kinds = {
        "_record_no": pa.int64(),
        "_repairs_no": pa.int64(),
        "line_amount": AMOUNT,
        "net_amount": AMOUNT,
        "unit_price": pa.decimal128(12, 4),
    }
    kinds |= {"amount": pa.decimal128(38, 4)} | dict.fromkeys(texts, pa.string())
    arrays = {name: pa.array([row[name] for row in rows], kinds.get(name)) for name in rows[0]}
    return pa.table(arrays)


def _correct_silver(root: Path, corrected: Unit) -> None:
    """Replace the day that the corrected file states, in one commit of ours."""
    new = as_table(silver_rows(corrected, "r2"))
    path, predicate = root / "silver/sale_lines", "business_date = '2011-01-05'"
    write_deltalake(path, new, mode="overwrite", predicate=predicate, commit_properties=signed("r2"))


def _write_gold(root: Path, run_id: str) -> None:
    """Sum up silver by date, source, country and currency."""
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for row in DeltaTable(root / "silver/sale_lines").to_pyarrow_table().to_pylist():
        key = tuple(row[name] for name in ("business_date", "source", "country_name", "currency_code"))
        total = sums.setdefault(key, [0, 0, Decimal(0)])
        sums[key] = [total[0] + 1, total[1] + row["quantity"], total[2] + row["line_amount"]]
    rows = [
        dict(
            zip(("business_date", "source", "country_name", "currency_code"), key, strict=True),
            line_count=lines,
            quantity=quantity,
            net_amount=amount,
        )
        for key, (lines, quantity, amount) in sorted(sums.items())
    ]
    write_deltalake(
        root / "gold/daily_sales",
        as_table(rows),
        mode="overwrite",
        partition_by=["business_date"],
        commit_properties=signed(run_id),
    )
