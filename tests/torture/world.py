"""A small world of two deliveries: a fortnight's first two days, cut to a few invoices of each seller.

The first delivery is applied undisturbed. The second brings a new day, a corrected file for the day before, and
whatever changed at the shop: it is what the kills strike.
"""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.samples import SAMPLES, seller_of
from tests.shops import running_shop

BUNDLE = Path(__file__).parents[2]
LAKEHOUSE = Path(sys.executable).with_name("lakehouse")
LEFT_OUT = ("samples", "euro_partner.yml", "shop_customers.yml", "customer_features.*")
FIRST, SECOND = "2011-01-04", "2011-01-05"
INVOICES = 4
"""How many invoices of each seller a day keeps; one of the shop's without a description comes on top."""
Row = dict[str, str]


@dataclass(frozen=True)
class World:
    """A lakehouse with its inbox, and the address of the shop."""

    root: Path
    shop_url: str

    def variables(self) -> dict[str, str]:
        """Return the bundle's variables that mean this world."""
        places = {"lakehouse_root": f"{self.root}", "pipelines_root": f"{pipelines_of(self.root)}"}
        return {**places, "shop_api_url": self.shop_url}

    def command(self, *words: str) -> list[str]:
        """Return a call of `lakehouse` that means this lakehouse."""
        given = [word for name, value in self.variables().items() for word in ("--var", f"{name}={value}")]
        return [f"{LAKEHOUSE}", *words, "--bundle", f"{BUNDLE}", *given]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command of the runner in a session of its own; its screen goes to a file beside the lakehouse."""
        screen = self.root.with_suffix(".screen")
        with screen.open("a") as output:
            return subprocess.Popen(
                self.command(*words),
                stdout=output,
                stderr=output,
                text=True,
                start_new_session=True,
                env={**os.environ, "NO_COLOR": "1"},
            )

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call a command of the data, which knows the lakehouse by the environment."""
        variables = {f"BUNDLE_VAR_{name}": value for name, value in self.variables().items()}
        command = [f"{LAKEHOUSE}", *words, "--bundle", f"{BUNDLE}"]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})

    def copied(self, root: Path) -> "World":
        """Return the same world in another folder, without its runs."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns("runs"))
        return World(root, self.shop_url)


def declare_less(root: Path) -> None:
    """Give a lakehouse declarations of its own, for the short forms: a partner, the shop's orders, one dimension.

    What is left out is brought in, judged and published as they are, and takes a third of a run's time.
    """
    shutil.copytree(BUNDLE / "pipelines", root / "pipelines", ignore=shutil.ignore_patterns(*LEFT_OUT))


def pipelines_of(root: Path) -> Path:
    """Return a lakehouse's own declarations, or the bundle's where it has none."""
    own = root / "pipelines"
    return own if own.is_dir() else BUNDLE / "pipelines"


def cut_samples(folder: Path, days: tuple[str, ...] = (FIRST, SECOND)) -> Path:
    """Write a bundle that has nothing but a few invoices of these days; return its folder."""
    samples = folder / "pipelines/samples/online-retail"
    samples.mkdir(parents=True)
    (folder / "databricks.yml").touch()
    for day in days:
        rows = _read(SAMPLES / f"{day}.csv")
        chosen = _chosen(rows)
        _write(samples / f"{day}.csv", [row for row in rows if row["InvoiceNo"] in chosen])
    return folder


def deliver(world: World, samples: Path, day: str) -> None:
    """Drop the partners' files up to a day."""
    options = ["--inbox", f"{world.root / 'inbox'}", "--date", day, "--bundle", f"{samples}"]
    subprocess.run([LAKEHOUSE, "simulate", "partner-files", *options], check=True, capture_output=True)


def spoil_first_day(world: World) -> None:
    """Let the gift partner be wrong at first: one quantity differs, and the last line will be gone."""
    path = world.root / "inbox/gift_partner" / f"{FIRST}.csv"
    rows = _read(path)
    wrong = {**rows[0], "Quantity": f"{int(rows[0]['Quantity']) + 1}"}
    extra = {**rows[-1], "InvoiceNo": "599999"}
    _write(path, [wrong, *rows[1:], extra])


@contextmanager
def shop_until(samples: Path, day: str) -> Iterator[str]:
    """Keep a shop up that has sold up to a day; give its address."""
    with running_shop(samples, "--date", day) as client:
        yield str(client.base_url)


def _chosen(rows: list[Row]) -> set[str]:
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(row["InvoiceNo"], []).append(row)
    named = [number for number, of_invoice in lines.items() if all(row["Description"] for row in of_invoice)]
    short = [number for number in named if len(lines[number]) <= 6]
    sellers = {seller: [n for n in short if seller_of(n) == seller][:INVOICES] for seller in map(seller_of, short)}
    nameless = [n for n in lines if n not in named and seller_of(n) == "online_shop"][:1]
    return {*nameless, *(number for of_seller in sellers.values() for number in of_seller)}


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
