"""Whatever is written or damaged: read back equal, or refused; never different, never left out.

TORTURE=1 (make torture) tries thousands of tables and damages instead of some hundred.
"""

import csv
import io
import json
import os
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_lakehouse.scan import csv_body, grammar, scan_unit, spool
from sales_lakehouse.specs import SourceSpec
from tests.partners import csv_source, source_of
from tests.rows import covers, kinds, rows_of

TRIES = settings(
    max_examples=5000 if os.environ.get("TORTURE") else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
Table = list[list[str]]


@dataclass(frozen=True)
class Dialect:
    """A way to write a table, as it is declared and as Python's csv module is told."""

    form: dict[str, Any]
    quoting: int

    def source(self, width: int) -> SourceSpec:
        return csv_source([f"c{number}" for number in range(width)], **self.form)

    def write(self, table: Table) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(
            text,
            delimiter=self.form["delimiter"],
            quotechar=self.form["quote"],
            doublequote=self.form["escape"] == "doubled",
            escapechar="\\" if self.form["escape"] == "backslash" else None,
            lineterminator=LINE_ENDS[self.form["line_end"]],
            quoting=self.quoting,
        )
        header = [[f"c{number}" for number in range(len(table[0]))]] if self.form["header"] else []
        writer.writerows(header + table)
        return text.getvalue().encode(self.form["encoding"])

    def value(self, text: str, width: int) -> str | None:
        """Return what must be read where a text was written: nothing at all is NULL, where it is not quoted."""
        is_quoted = self.quoting == csv.QUOTE_ALL or width == 1
        return text if text or is_quoted else None


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    form = {
        "delimiter": draw(st.sampled_from(",;\t|")),
        "quote": draw(st.sampled_from("\"'")),
        "escape": draw(st.sampled_from(["doubled", "backslash"])),
        "line_end": draw(st.sampled_from([*LINE_ENDS])),
        "line_breaks_in_fields": draw(st.booleans()),
        "header": draw(st.booleans()),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "windows-1252", "utf-16", "utf-16-be", "shift_jis"])),
    }
    return Dialect(form, draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])))


@st.composite
def written(draw: st.DrawFn) -> tuple[Dialect, Table]:
    dialect = draw(dialects())
    signs = "ab 0.-+,;|\t\"'\\=NULé£" if dialect.form["encoding"] != "shift_jis" else "ab 0,;|\t\"'=ア表ソ"
    if dialect.form["line_breaks_in_fields"]:
        signs += "\n\r"
    width = draw(st.integers(1, 5))
    row = st.lists(st.text(signs, max_size=8), min_size=width, max_size=width)
    return dialect, draw(st.lists(row, min_size=1, max_size=12))


@TRIES
@given(written())
def test_what_python_writes_is_read_back_equal_or_refused(case: tuple[Dialect, Table]) -> None:
    dialect, table = case
    width = len(table[0])
    content, source = dialect.write(table), dialect.source(width)
    rows = rows_of(content, source)
    assert covers(rows, content)
    expected = [tuple(dialect.value(text, width) for text in line) for line in table]
    found = [tuple(row[name] for name in source.columns) for row in rows if row["_kind"] == "record"]
    if dialect.form["line_breaks_in_fields"]:
        # Some innocent records are the price of never reading a swallowed one.
        assert is_part_of(found, expected)
        assert found == expected or {"refused", "quarantined"} & {*kinds(rows)}
    elif kinds(rows).count("quarantined"):
        assert "another encoding" in rows[-1]["_reason"]
    else:
        assert found == expected


BREAKS = Dialect(
    {
        "delimiter": ",",
        "quote": '"',
        "escape": "doubled",
        "line_end": "lf",
        "line_breaks_in_fields": True,
        "header": False,
        "encoding": "utf-8",
    },
    csv.QUOTE_MINIMAL,
)


@pytest.mark.parametrize(
    "table",
    [[["\n,", "\n"], [",", "\n"]], [["x\na,b\nc,d\ne", "z"], ["p", "q"]], [["\n,\n,\n,\n", ""], ["\n", ","]]],
    ids=["a quote that closes looks as if it opened", "four lines", "five lines"],
)
def test_lines_of_a_quoted_field_that_could_be_records_are_never_taken_for_some(table: Table) -> None:
    rows = rows_of(BREAKS.write(table), BREAKS.source(2))
    found = [(row["c0"], row["c1"]) for row in rows if row["_kind"] == "record"]
    assert found == [tuple(BREAKS.value(text, 2) for text in table[-1])]


def is_part_of(found: list[tuple[str | None, ...]], expected: list[tuple[str | None, ...]]) -> bool:
    """Tell whether one list is the other with some items left out."""
    rest = iter(expected)
    return all(item in rest for item in found)


CSV = csv_source()
VALID = b'id,name,amount\n1,"a, ""b""",2.50\n2,c,\n3,"",7\n'
FORMS = {
    "one line": CSV,
    "line breaks": csv_source(line_breaks_in_fields=True),
    "no header, windows-1252, footer": csv_source(
        header=False, encoding="windows-1252", line_end="crlf", footer={"marker": "T", "records": 1}
    ),
    "no quotes": csv_source(quote=None),
    "backslash, cr": csv_source(escape="backslash", line_end="cr", preamble=1),
    "utf-16": csv_source(encoding="utf-16-le"),
    "gzip": csv_source(packed="gzip"),
    "zip": csv_source(packed="zip"),
    "json": source_of({"kind": "json", "records": "orders.list"}),
    "ndjson": source_of({"kind": "ndjson"}),
}
SEEDS = [
    VALID,
    VALID.replace(b"\n", b"\r\n") + b"T,3\r\n",
    VALID.decode().encode("utf-16-le"),
    b'{"orders": {"list": [{"id": "1", "name": null, "amount": 2.50}, {"id": 2}, 17]}, "x": 1}',
    b'{"id": "1", "name": "a", "amount": 2.50}\n{"id": [1, {"a": "\\ud83d\\ude00"}], "name": "b", "amount": 1}\n',
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return any bytes, or a valid file with bytes put in, taken out or doubled."""
    content = draw(st.sampled_from(SEEDS)) if draw(st.booleans()) else draw(st.binary(max_size=200))
    for _ in range(draw(st.integers(0, 4))):
        at, length = draw(st.integers(0, len(content))), draw(st.integers(0, 9))
        put = draw(
            st.sampled_from([b"", b'"', b"\0", b"\n", b"\r\n", b",", b"\xff", b"\xef\xbb\xbf", b"\\", b"[", b"}"])
        )
        content = content[:at] + put + content[at + length * (put == b"") :]
    return content


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS.keys())
@TRIES
@given(content=damaged())
def test_any_bytes_are_covered_in_order_and_never_crash(source: SourceSpec, content: bytes) -> None:
    rows = rows_of(content, source)
    assert covers(rows, content)
    numbers = [row["_record_no"] for row in rows if row["_kind"] in ("record", "refused", "quarantined")]
    assert numbers == [*range(1, len(numbers) + 1)]
    assert all(row["_reason"] for row in rows if row["_kind"] in ("refused", "quarantined"))


@pytest.mark.parametrize("sign", [b'"', b",", b"\n", b"\0", b"\xff", b"\r", b"7"], ids=repr)
def test_a_changed_byte_changes_no_other_record(sign: bytes) -> None:
    """A byte of one line may make that line another valid one, or two of it: no reader can see that.

    What must not happen is that a record on another line becomes different.
    """
    lines = VALID.split(b"\n")
    tried = 0
    for at in range(len(lines[0]) + 1, len(VALID)):
        content = VALID[:at] + sign + VALID[at + 1 :]
        line_of_byte = VALID.count(b"\n", 0, at)
        whole = {lines[number] for number in (1, 2, 3) if number not in (line_of_byte, line_of_byte + 1)}
        kept = {row["bytes"].rstrip(b"\n") for row in rows_of(content, CSV) if row["_kind"] == "record"}
        assert whole <= kept, content
        tried += 1
    assert tried == 30


@pytest.fixture
def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let windows end after some lines, runs after two records, and batches go through a file."""
    monkeypatch.setattr(csv_body, "WINDOW", 512)
    monkeypatch.setattr(csv_body, "_PIECES", 3)
    monkeypatch.setattr(grammar, "ROWS", 2)
    monkeypatch.setattr(spool, "_IN_MEMORY", 100)


def as_scanned(content: bytes, source: SourceSpec) -> tuple[int, list[Any]]:
    batches = list(scan_unit(content, source))
    return len(batches), [row for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize("line_breaks", [False, True], ids=["one line a record", "line breaks in fields"])
def test_where_windows_end_changes_no_row(
    line_breaks: bool, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    source = csv_source(line_breaks_in_fields=line_breaks)
    lines = [f'{number},"a ""{number}"", b",{number}.50\n' for number in range(90)]
    for number, damage in {
        3: "x\n",
        4: "\n",
        20: '"open,1,2\n',
        41: "1,2,3,4\n",
        42: 'x,"y\nz",1\n',
        89: "\0\n",
    }.items():
        lines[number] = damage
    content = ("id,name,amount\n" + "".join(lines) + "last,line,1").encode()
    few, whole = as_scanned(content, source)
    request.getfixturevalue("cut_small")
    many, cut = as_scanned(content, source)
    assert cut == whole
    assert (few, many > 20) == (2, True)
    assert {row["_kind"] for row in whole} == {"header", "blank", "record", "refused"}


@pytest.mark.parametrize("sign", [b'"', b",", b"\n", b"\0", b"\xff", b"7"], ids=repr)
def test_a_changed_byte_among_line_breaks_costs_neighbours_and_bends_none(sign: bytes) -> None:
    source = csv_source(line_breaks_in_fields=True)
    lines = [b'%d,"a\n""%d""\nb",2.50\n' % (number, number) for number in range(1, 6)]
    content, tried = b"id,name,amount\n" + b"".join(lines), 0
    for at in range(15, len(content)):
        changed = content[:at] + sign + content[at + 1 :]
        damaged_line = changed[max(0, at - 40) : at + 40]
        for row in rows_of(changed, source):
            assert row["_kind"] != "record" or row["bytes"] in lines or row["bytes"] in damaged_line, changed
        tried += 1
    assert tried == sum(map(len, lines))


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
)
JSON = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text('ab[{"', max_size=3), inside, max_size=3),
)


def texts_of(value: Any) -> Any:
    """Return a value with each number and truth value as JSON writes it."""
    if isinstance(value, list):
        return [texts_of(item) for item in value]
    if isinstance(value, dict):
        return {key: texts_of(item) for key, item in value.items()}
    return value if value is None or isinstance(value, str) else json.dumps(value)


def strings_of(value: Any) -> str:
    """Return all texts in a value, keys included, as one."""
    if isinstance(value, dict):
        return "".join(key + strings_of(item) for key, item in value.items())
    if isinstance(value, list):
        return "".join(map(strings_of, value))
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("kind", ["json", "ndjson"])
@TRIES
@given(values=st.lists(st.tuples(JSON, JSON), min_size=1, max_size=6), ascii_only=st.booleans())
def test_what_python_writes_as_json_is_read_back_equal(
    kind: str, values: list[tuple[Any, Any]], ascii_only: bool
) -> None:
    objects = [{"name": name, "more": more, "amount": 1, "id": None} for name, more in values]
    texts = [json.dumps(item, ensure_ascii=ascii_only) for item in objects]
    content = (f"[{', '.join(texts)}]" if kind == "json" else "\n".join(texts)).encode()
    rows = rows_of(content, source_of({"kind": kind}))
    assert covers(rows, content)
    found = [row for row in rows if row["_record_no"] is not None]
    assert len(found) == len(objects)
    for row, item in zip(found, objects, strict=True):
        if "\0" in strings_of(item):
            assert (row["_kind"], "NUL" in row["_reason"]) == ("refused", True)
            continue
        is_nested = isinstance(item["name"], list | dict)
        name = json.loads(row["name"]) if is_nested else row["name"]
        assert (row["_kind"], row["id"], row["amount"], name) == ("record", None, "1", texts_of(item["name"]))
        assert json.loads(row["_extra"]) == {"more": texts_of(item["more"])}
