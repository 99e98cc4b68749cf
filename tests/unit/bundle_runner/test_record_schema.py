"""run.json is documented: by a schema that holds it, and by a page that names every field."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from bundle_runner.record.schema import record_schema
from tests.unit.bundle_runner.run_records import run, task

PAGE = (Path(__file__).parents[3] / "docs/run.md").read_text()
PARTS = {"The run": "RunRecord", "A task, and an iteration of a loop": "TaskRecord", "An attempt": "AttemptRecord"}


def part_of(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(schema["$defs"].get(name, schema))


@pytest.mark.parametrize(("title", "part"), PARTS.items(), ids=PARTS.values())
def test_the_page_names_every_field_and_no_other(title: str, part: str) -> None:
    section = PAGE.split(f"### {title}\n")[1].split("\n#")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(part_of(record_schema(), part)["properties"])


def test_a_record_is_valid_and_one_that_lacks_or_adds_a_field_is_not() -> None:
    schema = record_schema()
    Draft202012Validator.check_schema(schema)
    record = json.loads(json.dumps(asdict(run(task("a", "b", iterations=(task("a[0]"),)), task("b")))))
    Draft202012Validator(schema).validate(record)
    for wrong in ({**record, "more": 1}, {**record, "state": "DONE"}, {k: v for k, v in record.items() if k != "job"}):
        with pytest.raises(ValidationError, match=r"more|DONE|job"):
            Draft202012Validator(schema).validate(wrong)
