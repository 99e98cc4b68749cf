"""Hold what the partner says of a unit against what was found: records, amount, size, checksum."""

from __future__ import annotations

import decimal
import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from math import prod

import pyarrow as pa

from sales_lakehouse.scan.spool import Buffer
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.style import Style
from sales_lakehouse.wording import counted

_EXACT = decimal.Context(prec=2000, traps=[decimal.Inexact, decimal.InvalidOperation])


class Totals:
    """What a unit's rows add up to; `unknown` counts the records whose amount cannot be read.

    `remarks` are the totals of the partner that could not be compared, in words; `differ` adds to them.
    """

    def __init__(self, source: SourceSpec) -> None:
        self._style, self._columns = source.style, source.format.amount_of
        self.records = 0
        self.amount, self.unknown = Decimal(0), 0
        self.remarks: list[str] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the records of some rows, kept and refused ones."""
        self.records += batch.num_rows - batch["_record_no"].null_count
        if not self._columns:
            return
        kinds = batch["_kind"].to_pylist()
        columns = [batch[name].to_pylist() for name in self._columns]
        for kind, *texts in zip(kinds, *columns, strict=True):
            if kind in ("record", "refused"):
                numbers = [read_number(text or "", self._style) for text in texts]
                if None in numbers:
                    self.unknown += 1
                    continue
                with decimal.localcontext(_EXACT):
                    self.amount += prod((n for n in numbers if n is not None), start=Decimal(1))

    def differ(self, said: Mapping[str, str], where: str) -> str | None:
        """Return how the partner's `records` and `amount` differ from these, in words."""
        stated = said.get("records")
        if stated is not None and read_number(stated, self._style) != self.records:
            return f"{where} states {stated} records, {counted(self.records, 'record', 'were')} found"
        stated = said.get("amount")
        if stated is None:
            return None
        if not self._columns:
            return f"{where} states the amount {stated}, but the source's format.amount_of names no columns"
        if self.unknown:  # a value that is no number is the silver rules' matter, record by record
            self.remarks.append(
                f"{where} states the amount {stated}, which was not compared: {self.unknown:,} of {self.records:,} "
                f"amounts cannot be read, the others sum up to {self.amount:f}"
            )
            return None
        if read_number(stated, self._style) != self.amount:
            return f"{where} states the amount {stated}, the records sum up to {self.amount:f}"
        return None


def differ_as_delivered(content: Buffer, said: Mapping[str, str]) -> str | None:
    """Return how the partner's `bytes` and `sha256` differ from what was delivered, in words."""
    unknown = set(said) - {"records", "amount", "sha256", "bytes"}
    if unknown:
        raise ValueError(f"stated: {', '.join(sorted(unknown))}; expected some of records, amount, sha256, bytes")
    if said.get("bytes", str(len(content))) != str(len(content)):
        return f"the partner states {said['bytes']} bytes, {len(content)} were delivered"
    if "sha256" in said:
        found = hashlib.sha256(content).hexdigest()
        if found != said["sha256"].strip().lower():
            return f"the partner states the sha256 {said['sha256'][:64]}, the unit has {found}"
    return None


def read_number(text: str, style: Style) -> Decimal | None:
    """Return the number that a text is in the source's style; None when it is none, a misplaced mark included."""
    groups = rf"[0-9]{{1,3}}(?:{re.escape(style.thousands_mark)}[0-9]{{3}})+|" if style.thousands_mark else ""
    if not re.fullmatch(rf"[+-]?(?:{groups}[0-9]+)(?:{re.escape(style.decimal_mark)}[0-9]+)?", text) or len(text) > 400:
        return None
    plain = text.replace(style.thousands_mark, "") if style.thousands_mark else text
    return Decimal(plain.replace(style.decimal_mark, "."))
