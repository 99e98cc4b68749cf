"""The file in which records are given back: one line per record, its raw values under their own names.

A spreadsheet runs a cell that begins like a formula. Its form puts an apostrophe before such texts and says so in the
column `_form`; reading takes it away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.quarantine.records import Aside
from sales_lakehouse.stages.repairs import NAMED

Line = dict[str, str | None]
_LIVE = ("=", "+", "-", "@", "\t", "\r", "'")
_SPREADSHEET = "spreadsheet"
_MARK = b"\xef\xbb\xbf"


def write_form(asides: Sequence[Aside], spreadsheet: bool = False) -> bytes:
    """Return a CSV file of records of one source, to be corrected and given back.

    Nulls: a missing value is an empty field. An unreadable record has its raw text in `_raw`, and no values.
    """
    text = io.StringIO()
    about = ["_reasons", "_raw", *(["_form"] if spreadsheet else [])]
    columns = [*NAMED, *(asides[0].values if asides else ()), *about]
    writer = csv.DictWriter(text, columns, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for each in asides:
        unit, number = each.root
        told = {"_reasons": "; ".join(each.reasons), "_raw": each.raw}
        line: Line = {NAMED[0]: unit, NAMED[1]: str(number), **each.values, **told}
        writer.writerow({**_inert(line), "_form": _SPREADSHEET} if spreadsheet else line)
    return (_MARK if spreadsheet else b"") + text.getvalue().encode()


def read_form(content: bytes, name: str) -> list[Line]:
    """Return the lines of a file that is given back; an empty field is NULL.

    Raises: ParameterError for a file that is no such form; nothing was landed.
    """
    try:
        text = content.removeprefix(_MARK).decode("utf-8")
        header = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=header.count)  # spreadsheets write the delimiter of their own country
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [_live(_whole(line, number, name)) for number, line in enumerate(reader, start=1)]
    except (UnicodeDecodeError, csv.Error) as cause:
        raise ParameterError(f"{name}: no CSV file in UTF-8: {cause}; nothing was landed") from cause
    missing = [column for column in NAMED if column not in (reader.fieldnames or ())]
    if missing:
        raise ParameterError(
            f"{name}: column {', '.join(missing)} is missing, so its lines name no record; nothing was landed; "
            "correct a file that `lakehouse quarantine export` has written"
        )
    return lines


def _whole(line: dict[str, str | None], number: int, name: str) -> Line:
    if None in line or None in line.values():
        raise ParameterError(f"{name}, record {number}: it has not as many fields as the header; nothing was landed")
    return {column: text or None for column, text in line.items()}


def _inert(line: Line) -> Line:
    return {name: f"'{text}" if text and text.startswith(_LIVE) else text for name, text in line.items()}


def _live(line: Line) -> Line:
    if line.get("_form") != _SPREADSHEET:
        return line
    return {name: text.removeprefix("'") if text else text for name, text in line.items()}
