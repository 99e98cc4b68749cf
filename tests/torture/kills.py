"""Kill the runner, its Spark and its kernels hundreds of times, and look at what is left: `make torture-kills`.

    .venv/bin/python -m tests.torture.kills --kills 200

What happened is added to a results file, one line an episode, so that what was begun goes on where it was left. The
lakehouse of an episode in which something was found is kept beside it. Two may run at once, where each has a results
file and seeds of its own (--results, --first-seed); afterwards put the lines of both into one file.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from sales_lakehouse.session import get_spark
from tests.torture.episode import Stage, Story, episode_of, kills_of, staged
from tests.torture.strikes import KINDS, STEPS

RESULTS = Path(".torture/kills.jsonl")
AT_ONCE = 6
"""So many kills strike one episode: each costs a run, the undisturbed end and the look at it come once."""


def main() -> int:
    """Run episodes until enough kills have struck; return 1 where something was found."""
    options = _options()
    stories = read_stories(options.results)
    if _left(stories, options.kills):
        with tempfile.TemporaryDirectory(prefix="kills-") as folder, staged(Path(folder)) as stage:
            get_spark().stop()  # from here on Spark belongs to the runs
            for story in _episodes(stage.measured(Path(folder) / "measured"), stories, options):
                _add(options.results, story)
                print(_in_words(story), flush=True)
                stories.append(story)
    print("\n".join(sum_up(stories)))
    return 1 if any(story.found for story in stories) else 0


def read_stories(results: Path) -> list[Story]:
    """Return the episodes of a results file."""
    lines = results.read_text().splitlines() if results.exists() else []
    return [Story(**json.loads(line)) for line in lines]


def sum_up(stories: list[Story]) -> list[str]:
    """Say how many kills of each kind struck each step, and what was found."""
    struck = Counter((step, kind) for story in stories for kind, step in story.struck)
    head = f"{'step':<15}" + "".join(f"{kind:>8}" for kind in KINDS) + f"{'all of it':>12}"
    rows = []
    for step in (*STEPS, "between steps"):
        counts = [struck[step, kind] for kind in KINDS]
        rows.append(f"{step:<15}" + "".join(f"{count:>8}" for count in counts) + f"{sum(counts):>12}")
    found = [f"episode {story.seed}: {what}" for story in stories for what in story.found]
    runs = sum(len(story.exits) for story in stories)
    repairs = sum(word == "repair" for story in stories for word, _ in story.exits)
    told = f"{_struck(stories).total()} kills in {len(stories)} episodes, {runs} runs, {repairs} of them repairs"
    return [head, *rows, f"{told}; found: {len(found) or 'nothing'}", *found]


def _episodes(stage: Stage, stories: list[Story], options: argparse.Namespace) -> Iterator[Story]:
    while left := _left(stories, options.kills):
        seed = max((story.seed for story in stories), default=options.first_seed - 1) + 1
        steps = _steps(stories, min(AT_ONCE, left), seed)
        root = Path(tempfile.gettempdir()) / f"torture-{seed}"
        story = episode_of(stage, root, seed, kills_of(seed, steps)).live_through()
        if story.found:
            shutil.move(root, options.results.parent / f"found-{seed}")
        shutil.rmtree(root, ignore_errors=True)
        yield story


def _steps(stories: list[Story], count: int, seed: int) -> list[str]:
    """Choose the steps that were struck least so far; among equals the dice decide."""
    struck, dice = _struck(stories), random.Random(seed)
    return sorted(STEPS, key=lambda step: (struck[step], dice.random()))[:count]


def _left(stories: list[Story], kills: int) -> int:
    """Return how many kills must still strike, until they are enough in all and each step has its share of them."""
    struck, share = _struck(stories), kills // len(STEPS)
    return max(0, kills - struck.total(), sum(max(0, share - struck[step]) for step in STEPS))


def _struck(stories: list[Story]) -> Counter[str]:
    return Counter(step for story in stories for _, step in story.struck)


def _add(results: Path, story: Story) -> None:
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a") as lines:
        lines.write(json.dumps(asdict(story)) + "\n")


def _in_words(story: Story) -> str:
    struck = ", ".join(f"{kind} in {step}" for kind, step in story.struck) or "nothing"
    exits = ", ".join(f"{word} {code}" for word, code in story.exits)
    return f"episode {story.seed}: killed {struck}; {exits}; {'; '.join(story.found) or 'as undisturbed'}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--kills",
        type=int,
        default=200,
        help="how many must have struck, a tenth of them in each step, those before included",
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--first-seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
