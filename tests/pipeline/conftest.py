"""The story that the tests of this folder look at: it is lived through once, on one warm Spark."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bundle_runner.spark.cluster import Clusters
from tests.pipeline.story import BUNDLE, Outcome, Story, warm_clusters
from tests.shops import running_shop

BEFORE, LAST = "2011-01-18", "2011-01-19"
NORDIC = Path(__file__).parent / "nordic"
CHANNEL = "  - {name: channel_name, type: STRING, required: false, description: Where the line was sold}\n"
GROWTH = [
    ("silver/sale_lines.yml", "\nrules:\n", f"{CHANNEL}\nrules:\n"),
    (
        "gold/daily_sales.yml",
        'net_amount, type: "DECIMAL(22,4)"',
        'net_amount, type: "DECIMAL(26,6)"',
    ),
]
REPAIRED = ("gift_partner", "=FOUND, IN STOCK")
Runs = dict[str, Outcome]


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Open a shop that has sold up to the last day but one; declarations are a copy that can be broken."""
    folder = tmp_path_factory.mktemp("story")
    pipelines = shutil.copytree(BUNDLE / "pipelines", folder / "pipelines", ignore=shutil.ignore_patterns("samples"))
    with running_shop(BUNDLE) as client:
        yield Story(folder / "lakehouse", str(client.base_url), pipelines)


@pytest.fixture(scope="session")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """Keep one Spark for all seven runs."""
    clusters = warm_clusters(tmp_path_factory.mktemp("clusters"))
    yield clusters
    clusters.end()


@pytest.fixture(scope="session")
def runs(story: Story, clusters: Clusters) -> Runs:
    """Live through the fortnight, and a day on which a partner joins."""
    gifts, euros = (story.inbox / name for name in (f"gift_partner/{LAST}.csv", f"euro_partner/verkauf_{LAST}.csv"))
    query = story.pipelines / "gold/daily_sales.sql"
    story.deliver(BEFORE)
    runs = {"first": story.run_on(clusters), "nothing new": story.run_on(clusters)}

    story.deliver(LAST)
    right_gifts, right_euros, right_query = gifts.read_bytes(), euros.read_bytes(), query.read_bytes()
    gifts.write_bytes(right_gifts.replace(b",UnitPrice,", b",Price,"))
    runs["bronze defect"] = story.run_on(clusters)

    gifts.write_bytes(right_gifts)
    euros.write_bytes(_without_products(right_euros))
    runs["silver defect"] = story.run_on(clusters)

    euros.write_bytes(right_euros)
    query.write_bytes(right_query.replace(b"FROM sale_lines", b"FROM sale_lines WHERE country_name <> 'EIRE'"))
    runs["gold defect"] = story.run_on(clusters)

    query.write_bytes(right_query)
    onboard_nordic_partner(story)
    give_back_a_corrected_record(story)
    runs["mended"] = story.run_on(clusters)

    contract = story.pipelines / "gold/daily_sales.yml"
    right_contract = contract.read_text()
    contract.write_text("".join(line for line in right_contract.splitlines(True) if "name: quantity," not in line))
    runs["refused"] = story.run_on(clusters)
    contract.write_text(right_contract)
    return runs


def _without_products(content: bytes) -> bytes:
    """Blank the article of every line: readable, footer intact, but no sale without a product."""
    lines = [line.split(b";") for line in content.splitlines(keepends=True)]
    return b"".join(b";".join([f[0], b"", *f[2:]]) if f[0].isdigit() else b";".join(f) for f in lines)


def give_back_a_corrected_record(story: Story) -> None:
    """Do what a user does: export what stands aside, fill in a name, give the file back."""
    form = story.root / "form.csv"
    story.command("quarantine", "export", "--source", REPAIRED[0], "--out", f"{form}")
    lines = [*csv.DictReader(form.read_text().splitlines())]
    lines[0]["Description"] = REPAIRED[1]
    with form.open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    story.command("quarantine", "repair", f"{form}")


def onboard_nordic_partner(story: Story) -> None:
    """Add a source, a column, a gold table and a wider type: YAML and SQL, no line of Python."""
    shutil.copytree(NORDIC, story.pipelines, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.txt"))
    inbox = story.inbox / "nordic_partner"
    inbox.mkdir()
    shutil.copy(NORDIC / f"salg_{LAST}.txt", inbox)
    for name, old, new in GROWTH:
        path = story.pipelines / name
        text = path.read_text()
        assert text.count(old) == 1, f"{name}: {old}"
        path.write_text(text.replace(old, new))
