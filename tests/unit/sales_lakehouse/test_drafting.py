"""Drafts from sample deliveries say what the shipped source files say, or that a person must fill it in."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sales_lakehouse.commands.sources import sources
from sales_lakehouse.drafting import draft_source
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.rehearsal import rehearse
from sales_lakehouse.simulate.listing import render_page
from sales_lakehouse.simulate.orders import order_listing
from sales_lakehouse.simulate.partner_files import PartnerFile, partner_files
from sales_lakehouse.simulate.samples import read_samples
from sales_lakehouse.specs import Pipelines, SourceSpec, load_source
from sales_lakehouse.specs.unfinished import placeholders
from tests.samples import SAMPLES

DAYS = read_samples(SAMPLES, date(2011, 1, 5))
FILES = {file.source: file for file in partner_files(DAYS)}
UNKNOWN = {"description", "time_zone"}
"""What no sample can tell."""


def spec_of(draft: str) -> SourceSpec:
    return SourceSpec.model_validate(yaml.safe_load(draft))


def draft_of(text: str, name: str = "sales_2011-01-05.csv", encoding: str = "utf-8") -> dict[str, Any]:
    draft = draft_source(text.encode(encoding), name)
    spec_of(draft)
    return dict(yaml.safe_load(draft))


def table(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())
def test_a_draft_from_a_partners_file_says_what_the_shipped_file_says(file: PartnerFile, pipelines: Pipelines) -> None:
    shipped, draft = pipelines.source(file.source), draft_source(file.content, file.name, file.source)
    drafted = spec_of(draft)
    assert drafted.delivery == shipped.delivery
    assert drafted.columns == shipped.columns
    assert drafted.style.model_dump(exclude=UNKNOWN) == shipped.style.model_dump(exclude=UNKNOWN)
    assert drafted.format.model_dump(exclude={"encoding"}) == shipped.format.model_dump(exclude={"encoding"})
    ours, theirs = dict(drafted.silver.columns), dict(shipped.silver.columns)
    assert ours.pop("currency_code").value == "XXX"
    assert theirs.pop("currency_code").value in ("GBP", "EUR")
    assert ours == theirs
    assert drafted.silver.scope == shipped.silver.scope
    assert [line.split(":")[0] for line in placeholders(draft)] == ["description", "time_zone", "currency_code"]


def test_every_guess_tells_its_evidence() -> None:
    draft = draft_source(FILES["euro_partner"].content, FILES["euro_partner"].name)
    assert "# guess: all 440 values of Zeitpunkt match" in draft
    assert "441 of 442 lines have 8 fields" in draft
    assert "the last line counts 440 records, and so many there are; " in draft
    values = [line for line in draft.splitlines() if ": " in line and not line.startswith("#")]
    silent = [line for line in values if "# guess: " not in line and "# fill in: " not in line]
    assert [line.split(":")[0].strip() for line in silent] == ["kind", "columns", "table"]


def test_a_reviewed_draft_reads_its_sample_as_the_shipped_file_does(tmp_path: Path, pipelines: Pipelines) -> None:
    file = FILES["gift_partner"]
    draft = draft_source(file.content, file.name, "gift_partner")
    reviewed = draft.replace("value: XXX", "value: GBP").replace("time_zone: UTC", "time_zone: Europe/London")
    (tmp_path / "gift_partner.yml").write_text(reviewed)
    (tmp_path / file.name).write_bytes(file.content)
    table, shipped = pipelines.silver["sale_lines"], pipelines.source("gift_partner")
    ours = rehearse(tmp_path / file.name, load_source(tmp_path / "gift_partner.yml"), table)
    assert ours == rehearse(tmp_path / file.name, shipped, table)
    assert ours.kept > 800


def test_a_page_of_orders_is_mapped_into_its_list(pipelines: Pipelines) -> None:
    page = render_page(order_listing(DAYS), None, 1, 1000)
    drafted, shipped = spec_of(draft_source(page.encode(), "orders_2011-01-05.json")), pipelines.source("online_shop")
    assert (drafted.format, drafted.columns, drafted.style.time_format) == (
        shipped.format,
        shipped.columns,
        shipped.style.time_format,
    )
    assert (drafted.silver.explode, drafted.silver.sequence) == ("lines", "updated_at")
    assert drafted.silver.scope == shipped.silver.scope
    assert drafted.silver.columns == shipped.silver.columns


def test_an_invented_dialect_is_found() -> None:
    lines = [
        f"A{n}|'Töpfe | groß {n}'|{n}|1.{n:03},5{n % 10}|{n % 28 + 1}/1/2011 {n % 12 + 1}:05 PM" for n in range(1, 60)
    ]
    text = "Export of shop 7\n\nBestellung|Artikel|Menge|Preis|Datum\n" + "".join(f"{line}\r\n" for line in lines)
    draft = draft_of(text, "verkauf 2011-01-31.txt", "windows-1252")
    assert draft["delivery"]["name"] == "verkauf {business_date}.txt"
    assert draft["format"] | {"null_words": None} == {
        "kind": "csv",
        "encoding": "windows-1252",
        "delimiter": "|",
        "quote": "'",
        "line_end": "crlf",
        "preamble": 1,
        "null_words": None,
    }
    assert (draft["style"]["decimal_mark"], draft["style"]["thousands_mark"]) == (",", ".")
    assert draft["style"]["time_format"] == "d/M/yyyy h:mm a"
    assert draft["silver"]["columns"]["unit_price"] == {"from": "Preis"}


def test_json_lines_are_ndjson() -> None:
    lines = [
        json.dumps({"order": f"A{n}", "qty": n, "price": n / 8, "at": f"2011-01-05T0{n}:00:00"}) for n in (1, 2, 3)
    ]
    draft = draft_of(table(*lines), "feed.jsonl")
    assert draft["format"] == {"kind": "ndjson"}
    assert draft["columns"] == ["order", "qty", "price", "at"]
    assert draft["silver"]["columns"]["quantity"] == {"from": "qty"}


def test_a_packed_sample_is_unpacked() -> None:
    packed = gzip.compress(FILES["gift_partner"].content)
    plain = spec_of(draft_source(FILES["gift_partner"].content, "2011-01-05.csv.gz"))
    drafted = spec_of(draft_source(packed, "2011-01-05.csv.gz"))
    assert drafted.format.packed == "gzip"
    assert drafted.silver == plain.silver


@pytest.mark.parametrize(
    ("lines", "part", "expected"),
    [
        (["id;qty;price", "1;2;1'000,50", "2;3;7,25"], "thousands_mark", "'"),
        (["id;qty;price", "1;2;0,5", "2;3;7,25"], "decimal_mark", ","),
        (["id,qty,price", "1,2,0.5", "2,3,7.25"], "decimal_mark", "."),
        (["id,date,qty", "1,13/01/2011,2", "2,14/01/2011,1"], "time_format", "dd/MM/yyyy"),
        (["id,date,qty", "1,01/13/2011,2", "2,01/14/2011,1"], "time_format", "MM/dd/yyyy"),
    ],
    ids=["thousands", "comma", "point", "day first", "month first"],
)
def test_the_style_is_read_from_the_values(lines: list[str], part: str, expected: str) -> None:
    assert draft_of(table(*lines))["style"][part] == expected


def test_a_date_that_could_be_read_both_ways_is_a_question() -> None:
    draft = draft_source(table("id,date,qty", "1,01/02/2011,2", "2,03/04/2011,1").encode(), "sales.csv")
    (line,) = [line for line in placeholders(draft) if line.startswith("time_format")]
    assert "with day and month swapped: ask the partner" in line


def test_a_column_whose_name_breaks_its_line_stays_one_column() -> None:
    draft = draft_of('order;"net\nprice: #1";"odd\nname"\nA1;1,5;x\nA2;2,5;y\n')
    assert draft["columns"] == ["order", "net\nprice: #1", "odd\nname"]
    assert draft["silver"]["columns"]["unit_price"] == {"from": "net\nprice: #1"}


def test_the_only_time_is_the_time_of_the_sale() -> None:
    draft = draft_of(table("order\twhen", "A1\t2011-01-05T10:00:00Z", "A2\t2011-01-05T11:00:00Z"))
    assert draft["silver"]["columns"]["sold_at"] == {"from": "when"}
    assert draft["style"]["time_zone"] == "UTC"


def test_a_sample_without_header_gets_names_to_replace() -> None:
    draft = draft_of(table("17,2011-01-05,9.95", "18,2011-01-05,1.25", "19,2011-01-05,3.10"))
    assert draft["format"]["header"] is False
    assert draft["columns"] == ["column_1", "column_2", "column_3"]


def test_a_quote_that_stands_inside_fields_only_is_a_part_of_the_text() -> None:
    draft = draft_of(table("id;name;price", '1;PLATE 12";2,50', '2;15" BOWL;3,00', '3;"NEW BOX;1,75'))
    assert draft["format"]["quote"] is None


def test_a_quote_around_fields_is_one_also_where_it_stands_inside_others() -> None:
    draft = draft_of(table("id;name;price", "1;PLATE 12;2,50", '2;"BOWL; 15""";3,00', '3;"BOX";1,75'))
    assert "quote" not in draft["format"]


def test_how_much_was_sold_is_no_key() -> None:
    draft = draft_source(table("Quantity;Price;Ref", "1;2,50;A", "2;3,00;B", "3;1,75;C").encode(), "s_2011-01-05.csv")
    assert "# guess: key: Ref differ in all 3 records" in draft


def test_a_gap_names_the_columns_that_nothing_is_mapped_to_yet() -> None:
    draft = draft_source(table("order;amt;colour", "1;2,50;red", "2;3,00;blue").encode(), "s_2011-01-05.csv")
    told = "# unit_price: {from: }  # fill in: nothing in the sample looks like it; not mapped yet: amt, colour"
    assert told in placeholders(draft)


def test_what_was_not_filled_in_is_found_also_without_its_comment(tmp_path: Path) -> None:
    draft = draft_source(FILES["gift_partner"].content, FILES["gift_partner"].name, "partner")
    bare = "\n".join(line.split("  # ")[0] for line in draft.splitlines())
    assert placeholders(bare) == ['description: "Who delivers what."', "currency_code: {value: XXX}"]
    path = tmp_path / "partner.yml"
    path.write_text(bare)
    shown = CliRunner().invoke(sources, ["show", str(path), "--bundle", str(SAMPLES.parents[2])])
    assert shown.exit_code == 2
    assert "partner.yml: a line of the draft waits to be filled in: description" in shown.stderr
    shipped = CliRunner().invoke(sources, ["show", "gift_partner", "--bundle", str(SAMPLES.parents[2])])
    assert (shipped.exit_code, shipped.stderr) == (0, "deliveries go into the folder gift_partner/ of the inbox\n")


def test_what_nothing_suggests_is_left_to_a_person(tmp_path: Path) -> None:
    draft = draft_source(table("a;b;c", "x;y;z", "u;v;w").encode(), "mystery.csv")
    told = placeholders(draft)
    assert "# unit_price: {from: }  # fill in: nothing in the sample looks like it; not mapped yet: a, b, c" in told
    assert any(line.startswith('name: "mystery_{business_date}.csv"') for line in told)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"just a sentence\n", "holds no record of its own beside its first line"),
        (b'{"a": [1, 2]} and more', "begins as JSON and is none: Extra data"),
        (b'{"orders": [{"id": 1, "price": 2}, {"id"', "begins as JSON and is none: .*; it may be cut"),
        (b'{"id": 1}\n{"id": 2}\n{"i', "begins as JSON and is none"),
        (b"[1, 2, 3]", "JSON without a list of objects"),
        (b"word\nanother\n", "has no delimiter that clevercsv can find"),
        (b"\x1f\x8bbroken", "begins as an archive and cannot be unpacked"),
        (b"a;b\n1;\x002\n", "is no text: character 7 is a NUL; nothing was written"),
        (b" \n", "the sample is empty; nothing was written"),
    ],
    ids=[
        "prose",
        "more than json",
        "cut json",
        "cut json lines",
        "numbers",
        "words",
        "broken gzip",
        "a NUL",
        "nothing",
    ],
)
def test_a_sample_that_is_no_delivery_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        draft_source(content, "sample.csv")


def test_command_writes_the_draft_once_and_counts_what_is_open(tmp_path: Path) -> None:
    sample = tmp_path / FILES["gift_partner"].name
    sample.write_bytes(FILES["gift_partner"].content)
    asked = ["new", "--from", str(sample), "--name", "partner", "--out", str(tmp_path / "partner.yml")]
    first, second = (CliRunner().invoke(sources, asked) for _ in range(2))
    assert (first.exit_code, first.stderr) == (0, "3 lines are marked `fill in`\n")
    assert (
        "# Deliveries go into the folder partner/ of the inbox" in first.stdout + (tmp_path / "partner.yml").read_text()
    )
    assert load_source(tmp_path / "partner.yml").source == "partner"
    assert second.exit_code == 2
    assert "is there already; nothing was written" in second.output
