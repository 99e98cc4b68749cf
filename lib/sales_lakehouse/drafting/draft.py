"""Put guesses together as a source file, each line with its evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sales_lakehouse.drafting.delimited import read_delimited
from sales_lakehouse.drafting.documents import read_document
from sales_lakehouse.drafting.findings import Findings
from sales_lakehouse.drafting.guess import Guess
from sales_lakehouse.drafting.mapping import mapping_lines, unmapped
from sales_lakehouse.drafting.sample import decode, unpack
from sales_lakehouse.drafting.yaml_lines import comment, flow, line
from sales_lakehouse.specs.schema import SWITCH
from sales_lakehouse.specs.unfinished import DESCRIPTION

_HEAD = """\
{switch}
# Drafted from the sample {file}: {records:,} records.
# Every `guess` wants a look, every `fill in` an answer; take the comments away when the partner has agreed.
# Keep it as pipelines/sources/{name}.yml, then: lakehouse check {name} {file}
# Deliveries go into the folder {name}/ of the inbox: .lakehouse/inbox/{name}/ on this machine."""


def draft_source(content: bytes, file_name: str, name: str | None = None) -> str:
    """Return the text of a source file for deliveries like the sample.

    Raises: ParameterError when the sample cannot be cut into records.
    """
    raw, packed = unpack(content)
    text, encoding = decode(raw)
    found = Findings(file_name, read_document(text) or read_delimited(text, encoding))
    source = Guess(name, "as asked for") if name else _name_of(file_name)
    lines = [
        _HEAD.format(switch=SWITCH, file=file_name, records=len(found.shape.records), name=source.value),
        line("source", source),
        line("description", Guess(DESCRIPTION, "one sentence for people", open=True)),
        "",
        *_delivery(found),
        "",
        *_format(found, packed),
        "",
        *_style(found),
        "",
        f"columns: {flow(list(found.shape.columns))}",
        *(f"# not mapped below: {comment(name)}, {column.evidence}" for name, column in unmapped(found)),
        "",
        *mapping_lines(found),
    ]
    return "\n".join(lines) + "\n"


def _name_of(file_name: str) -> Guess:
    stem = re.sub(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", "", file_name.split(".", maxsplit=1)[0]).lower()
    name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_0123456789")
    return Guess(name, "from the file's name") if name else Guess("new_source", "the file's name holds none", open=True)


def _delivery(found: Findings) -> Iterator[str]:
    yield "delivery:"
    yield "  kind: files"
    if found.day:
        pattern = found.file_name.replace(found.day, "{business_date}", 1)
        yield line("name", Guess(pattern, f"the sample's name holds the date {found.day}"), 1)
    else:
        stem, dot, ending = found.file_name.partition(".")
        told = "the sample's name holds no date like 2011-01-04; deliveries are told apart by it"
        yield line("name", Guess(f"{stem}_{{business_date}}{dot}{ending}", told, open=True), 1)


def _format(found: Findings, packed: Guess | None) -> Iterator[str]:
    yield "format:"
    guesses = {**found.shape.format, "packed": packed}
    footer = found.footer()
    for name, guess in guesses.items():
        if guess:
            yield line(name, guess, 1)
    if footer:
        fields, made_of = footer
        if made_of.value:
            yield line("amount_of", made_of, 1)
        yield line("footer", Guess(fields, made_of.because), 1)
    elif found.shape.footer:
        yield f"  # guess: the last line has other fields, and is no total that is understood: {comment(_shown(found))}"


def _shown(found: Findings) -> str:
    return json.dumps(found.shape.footer, ensure_ascii=False)[:80]


def _style(found: Findings) -> Iterator[str]:
    zone = "the hour of a sale hangs on it: the IANA zone of the partner's clock, such as Europe/London"
    yield "style:"
    yield line("decimal_mark", found.marks.decimal, 1)
    if found.marks.thousands:
        yield line("thousands_mark", found.marks.thousands, 1)
    yield line("time_format", found.time_format, 1)
    yield line("time_zone", _zone(found, zone), 1)


def _zone(found: Findings, told: str) -> Guess:
    if found.time_format.value.endswith("'Z'"):
        return Guess("UTC", "the times end with Z")
    return Guess("UTC", told, open=True)
