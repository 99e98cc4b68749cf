"""The schema that editors read: current, told by the shipped files, and true of them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from sales_lakehouse.commands.sources import sources
from sales_lakehouse.drafting import draft_source
from sales_lakehouse.specs.schema import SWITCH, source_schema
from tests.conftest import PIPELINES

KEPT = PIPELINES / "source.schema.json"
SHIPPED = sorted(PIPELINES.glob("sources/*.yml"))


def errors_of(declared: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(json.loads(KEPT.read_text())).iter_errors(declared)]


def test_the_kept_schema_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(sources, ["schema"]).output
    assert KEPT.read_text() == printed, "write it anew: lakehouse sources schema > pipelines/source.schema.json"
    Draft202012Validator.check_schema(json.loads(printed))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_source_file_is_valid_and_switches_the_schema_on(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"{SWITCH}\n")
    assert (path.parent / SWITCH.partition("$schema=")[2]).resolve() == KEPT
    assert errors_of(yaml.safe_load(text)) == []


def test_there_are_shipped_source_files() -> None:
    assert len(SHIPPED) > 4


def test_a_draft_is_valid_and_switches_the_schema_on() -> None:
    draft = draft_source(b"Order;Qty\nA1;2\nA2;3\n", "sales_2011-01-05.csv")
    assert draft.startswith(f"{SWITCH}\n")
    assert errors_of(yaml.safe_load(draft)) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"delimeter": ";"}, "delimeter"),
        ({"line_end": "LF"}, "LF"),
        ({"preamble": -1}, "-1"),
    ],
    ids=["unknown field", "other value", "too small"],
)
def test_an_editor_would_underline_what_the_project_refuses(changed: dict[str, Any], told: str) -> None:
    declared = yaml.safe_load((PIPELINES / "sources/gift_partner.yml").read_text())
    declared["format"] |= changed
    assert any(told in message for message in errors_of(declared))


def test_hovering_tells_meaning_values_and_examples() -> None:
    parts = source_schema()["$defs"]
    assert source_schema()["title"].startswith("Source file: ")
    assert parts["Style"]["properties"]["time_format"]["examples"][0] == "yyyy-MM-dd HH:mm:ss"
    assert parts["Scope"]["properties"]["kind"]["enum"] == ["slice", "document", "key"]
    silent = [
        f"{name}.{field}"
        for name, part in parts.items()
        for field, c in part["properties"].items()
        if "description" not in c
    ]
    assert not silent
