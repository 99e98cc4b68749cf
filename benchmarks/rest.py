"""Records per second that landing takes from a REST API, beside plain httpx asking the same questions.

    .venv/bin/python benchmarks/rest.py --orders 10000 --rounds 7

The simulator serves pages that it has rendered before, from a process of its own. `httpx` asks for the same URLs on one
connection and keeps nothing; `reading` is the client with every check and no disk; `landing` is the whole step: bytes,
manifests, shelf. The first round of each is not counted. Rounds alternate; medians and their ratio are told.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx

from sales_lakehouse.rest import Answer, Ask, Question, Reading
from sales_lakehouse.specs.rest import RestDelivery
from tests.apis import api_source, land
from tests.shops import running_shop

PROJECT = Path(__file__).parents[1]
STYLE = "cursor-body"


class NoShelf:
    """Keeps nothing."""

    began = datetime.now(UTC)

    def find(self, walk: int, ask: Ask) -> Answer | None:
        """Find nothing."""

    def keep(self, walk: int, ask: Ask, answer: Answer) -> None:
        """Keep nothing."""

    def refuse(self, walk: int, ask: Ask) -> None:
        """Set nothing aside."""

    def known(self, ask: Ask) -> Answer | None:
        """Know nothing."""

    def forget(self) -> None:
        """Forget nothing."""


def main() -> None:
    """Print the median records per second of each way, and the ratios to plain httpx."""
    options = _options()
    with running_shop(PROJECT, "--orders", f"{options.orders}") as shop:
        base_url = str(shop.base_url)
        urls = [page.answer.url for page in _reading(base_url).pages()]
        ways: dict[str, Callable[[], object]] = {
            "httpx": lambda: _plain(urls),
            "reading": lambda: [page.number for page in _reading(base_url).pages()],
            "landing": lambda: _land(base_url),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for counted in range(options.rounds + 1):
            for name, work in ways.items():
                taken = _timed(work)
                seconds[name] += [taken] if counted else []
    rates = {name: options.orders / statistics.median(taken) for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:<8} {rate:>10,.0f} records/s in {len(urls)} pages, {rate / rates['httpx']:.2f} of plain httpx")


def _reading(base_url: str) -> Reading:
    source = api_source(STYLE)
    if not isinstance(source.delivery, RestDelivery):
        raise TypeError(source.delivery.kind)
    return Reading(Question(source.source, source.delivery, base_url, "orders"), NoShelf())


def _plain(urls: list[str]) -> None:
    with httpx.Client(trust_env=False, headers={"accept-encoding": "gzip"}) as client:
        for url in urls:
            _ = client.get(url).content


def _land(base_url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rest-") as folder:
        land(Path(folder), base_url, api_source(STYLE))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
