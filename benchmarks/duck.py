"""The gift partner's files from CSV to gold with DuckDB and delta-rs: no landing, no books, no gates, no history.

It reads every value as text, keeps that as bronze, casts strictly, sets aside what breaks a rule, keeps one row a key,
and runs the gold tables' own SQL. DuckDB is no part of the environment: `.venv/bin/uv pip install duckdb`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from deltalake import DeltaTable, write_deltalake

from sales_lakehouse.specs import Pipelines

ROWS_AT_ONCE = 200_000
TYPED = r"""
SELECT
  'gift_partner' AS source, InvoiceNo AS order_id,
  row_number() OVER (PARTITION BY _unit_id, InvoiceNo ORDER BY _record_no)::INTEGER AS line_number,
  CASE WHEN InvoiceNo LIKE 'C%' THEN 'cancellation'
       WHEN TRY_CAST(Quantity AS INTEGER) < 0 THEN 'adjustment' ELSE 'sale' END AS line_kind,
  nullif(StockCode, '') AS product_id, nullif(trim(Description), '') AS product_name,
  TRY_CAST(Quantity AS INTEGER) AS quantity,
  CASE WHEN regexp_full_match(UnitPrice, '-?[0-9]{1,8}([.][0-9]{1,4})?') THEN TRY_CAST(UnitPrice AS DECIMAL(12,4)) END
    AS unit_price,
  TRY_CAST(quantity AS DECIMAL(9,0)) * unit_price AS line_amount, 'GBP' AS currency_code,
  nullif(regexp_replace(CustomerID, '[.]0$', ''), '') AS customer_id, nullif(Country, '') AS country_name,
  try_strptime(InvoiceDate, '%Y-%m-%d %H:%M:%S') AS local_time,
  timezone('Europe/London', local_time) AS sold_at, CAST(local_time AS DATE) AS business_date,
  _unit_id, _record_no, _sequence
FROM bronze
"""
JUDGED = r"""
SELECT * EXCLUDE (local_time), concat_ws(',',
  CASE WHEN regexp_full_match(order_id, 'C?[0-9]+') THEN NULL ELSE 'order_is_numbered' END,
  CASE WHEN line_number >= 1 THEN NULL ELSE 'line_is_numbered' END,
  CASE WHEN product_id IS NULL THEN 'product_is_coded' END,
  CASE WHEN product_name IS NULL THEN 'product_is_named' END,
  CASE WHEN quantity <> 0 THEN NULL ELSE 'quantity_is_not_zero' END,
  CASE WHEN quantity BETWEEN -100000 AND 100000 THEN NULL ELSE 'quantity_is_a_parcel' END,
  CASE WHEN unit_price >= 0 THEN NULL ELSE 'price_is_not_negative' END,
  CASE WHEN country_name IS NULL THEN 'country_is_named' END,
  CASE WHEN sold_at IS NULL THEN 'time_is_known' END,
  CASE WHEN customer_id IS NULL OR regexp_full_match(customer_id, '[0-9]+') THEN NULL ELSE 'customer_is_numbered' END
) AS _errors
FROM (TYPED)
QUALIFY row_number() OVER (PARTITION BY source, order_id, line_number ORDER BY _sequence DESC, _unit_id, _record_no) = 1
"""
PRODUCTS = """
CREATE TABLE products (
  product_id TEXT, product_name TEXT, product_kind TEXT, is_first BOOLEAN, valid_from TIMESTAMP, valid_to TIMESTAMP)
"""
# Where the gold tables' SQL is Spark's own: its functions by other names, and a pair that is counted.
SPELLINGS = {
    "date_sub(": "days_before(",
    "date_add(": "days_after(",
    "date_diff(": "days_between(",
    "DISTINCT source, order_id": "DISTINCT (source, order_id)",
}
MACROS = """
CREATE MACRO days_before(day, number) AS day - CAST(number AS INTEGER);
CREATE MACRO days_after(day, number) AS day + CAST(number AS INTEGER);
CREATE MACRO days_between(later, earlier) AS later - earlier;
"""
Timed = Callable[[str, Callable[[], object]], None]


def run_duck(inbox: Path, root: Path, pipelines: Pipelines, memory_gb: int, timed: Timed) -> None:
    """Bring the files of `inbox` to Delta tables under `root`, and let `timed` measure each step."""
    duck = import_module("duckdb").connect(f"{root / 'work.duckdb'}")
    duck.execute(f"SET memory_limit = '{memory_gb}GB'; SET TimeZone = 'UTC'; {MACROS}")
    duck.execute(PRODUCTS)

    def silver() -> None:
        _show(duck, root, "bronze")
        duck.execute(f"CREATE TABLE judged AS {JUDGED.replace('TYPED', TYPED)}")
        _write(duck, root / "silver", "SELECT * EXCLUDE (_errors) FROM judged WHERE _errors = ''")
        _write(duck, root / "quarantine", "SELECT * FROM judged WHERE _errors <> ''")
        duck.execute("DROP TABLE judged")

    timed("bronze", lambda: [_bronze(duck, file, root) for file in sorted(inbox.glob("*.csv"))])
    timed("silver", silver)
    timed("gold", lambda: _gold(duck, root, pipelines))


def _bronze(duck: Any, file: Path, root: Path) -> None:
    unit = hashlib.sha256(file.read_bytes()).hexdigest()
    rows = f"read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')"
    lineage = f"'{unit}' AS _unit_id, row_number() OVER () AS _record_no, '{file.stem}' AS _sequence"
    _write(duck, root / "bronze", f"SELECT *, {lineage} FROM {rows}")


def _gold(duck: Any, root: Path, pipelines: Pipelines) -> None:
    _show(duck, root, "silver", name="sale_lines")
    for table, gold in pipelines.gold.items():
        sql = gold.sql
        for spark, ours in SPELLINGS.items():
            sql = sql.replace(spark, ours)
        slices = f"slices AS (SELECT DISTINCT business_date AS {gold.slice} FROM sale_lines)"
        columns = ", ".join(f"CAST({column.name} AS {_type(column.type)}) AS {column.name}" for column in gold.columns)
        _write(duck, root / "gold" / table, f"WITH {slices} SELECT {columns} FROM ({sql})")


def _type(spark: str) -> str:
    return "TEXT" if spark == "STRING" else spark


def _show(duck: Any, root: Path, table: str, name: str = "") -> None:
    duck.register(name or table, DeltaTable(root / table).to_pyarrow_dataset())


def _write(duck: Any, folder: Path, query: str) -> None:
    write_deltalake(folder, duck.sql(query).to_arrow_reader(ROWS_AT_ONCE), mode="append")
