"""The page that tells how to write a declaration: its tables are the models', its examples are valid."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from sales_lakehouse.commands.sources import sources
from sales_lakehouse.specs import GoldSpec, SilverSpec, SourceSpec, load_pipelines
from sales_lakehouse.specs.fields import field_tables
from tests.conftest import PIPELINES

PAGE = (PIPELINES / "README.md").read_text()
MARK = "<!-- printed by: lakehouse sources schema --format markdown -->\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", PAGE)


@pytest.mark.parametrize("model", [SourceSpec, SilverSpec, GoldSpec], ids=lambda model: model.__name__)
def test_every_field_says_what_it_means(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    parts = {"file": schema, **schema.get("$defs", {})}
    silent = [
        f"{name}.{f}" for name, part in parts.items() for f, c in part["properties"].items() if "description" not in c
    ]
    assert len(parts) > 2
    assert not silent


def test_page_holds_the_tables_of_the_models() -> None:
    assert PAGE.count(MARK) == 1
    assert PAGE.split(MARK)[1] == f"{field_tables()}\n", "write the page anew with the two lines under its title Fields"


def test_command_prints_what_editors_and_people_read() -> None:
    assert CliRunner().invoke(sources, ["schema", "--format", "markdown"]).output == f"{field_tables()}\n"
    assert json.loads(CliRunner().invoke(sources, ["schema"]).output)["properties"]["delivery"]["discriminator"]


@pytest.mark.parametrize(
    "part", ["`delivery` with `kind: rest`", "`silver.columns.<column>`", "`silver.rules[]`", "`ties_to[]`"]
)
def test_every_part_of_a_file_has_its_table(part: str) -> None:
    assert f"#### {part}\n" in field_tables()


def test_examples_of_the_page_are_valid_declarations(tmp_path: Path) -> None:
    folder = shutil.copytree(PIPELINES, tmp_path / "pipelines", ignore=shutil.ignore_patterns("samples"))
    partner, contract = blocks("yaml")
    (query,) = blocks("sql")
    (folder / f"sources/{yaml.safe_load(partner)['source']}.yml").write_text(partner)
    (folder / f"gold/{yaml.safe_load(contract)['table']}.yml").write_text(contract)
    (folder / f"gold/{yaml.safe_load(contract)['table']}.sql").write_text(query)
    pipelines = load_pipelines(folder)
    assert {"book_partner"} == set(pipelines.sources) - {path.stem for path in PIPELINES.glob("sources/*.yml")}
    selected = re.findall(r"(?m)^  (?:.* AS )?(\w+),?$", query.split("FROM")[0])
    assert selected == pipelines.gold["product_sales"].names()
