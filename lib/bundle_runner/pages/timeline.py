"""When what ran: a bar for each attempt, on one scale; long times in which nothing ran are cut short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from bundle_runner.pages.frame import LONGEST_NAME, seconds, shortened, text_width
from bundle_runner.record.records import AttemptRecord, RunRecord, TaskRecord, seconds_between
from bundle_runner.record.told import every_task
from bundle_runner.states import ResultState

BARS = 480
"""Width of the bars; the names before them and the words behind them take what they need."""
INSET = 6
ROW = 24
CUT = 18
"""What a time in which nothing ran takes at most."""
THINNEST = 3

Span = tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """One attempt, or a task that has none: from where, how wide, and how it ended."""

    x: float
    width: float
    state: ResultState | None
    told: str


@dataclass(frozen=True)
class TimeRow:
    """A task or an iteration with its bars."""

    name: str
    y: float
    bars: tuple[Bar, ...]
    after: float
    words: str


@dataclass(frozen=True)
class Timeline:
    """A picture of `width` × `height`; `cuts` are where a pause was cut short, with its seconds.

    The bars begin at `left`.
    """

    rows: tuple[TimeRow, ...]
    cuts: tuple[tuple[float, float], ...]
    left: float
    width: float
    height: float


def draw_timeline(record: RunRecord) -> Timeline | None:
    """Return the picture; None when nothing was started."""
    parts = [(part, list(_spans(part, record))) for part in every_task(record.tasks)]
    parts = [(part, spans) for part, spans in parts if spans]
    if not parts:
        return None
    left = max(text_width(shortened(part.task_key, LONGEST_NAME)) for part, _ in parts) + 2 * INSET
    scale = _Scale([span for _, spans in parts for _, span in spans], left)
    rows = tuple(_row(part.task_key, i * ROW, spans, scale) for i, (part, spans) in enumerate(parts))
    width = max(left + BARS, *(row.after + text_width(f"✓ {row.words}") + INSET for row in rows))
    return Timeline(rows, scale.cuts, left, width, len(rows) * ROW)


def _spans(task: TaskRecord, record: RunRecord) -> Iterator[tuple[TaskRecord | AttemptRecord, Span]]:
    """Yield what of a task ran, and from when to when; what goes on ends with what is known of the run."""
    for part in task.attempts or (task,):
        if part.started_at:
            start = datetime.fromisoformat(part.started_at).timestamp()
            end = part.ended_at or record.ended_at or part.started_at
            yield part, (start, max(start, datetime.fromisoformat(end).timestamp()))


class _Scale:
    """Where a moment stands; between the busy times at most CUT is spent."""

    def __init__(self, spans: Sequence[Span], left: float) -> None:
        busy = list(_joined(sorted(spans)))
        pauses = [later[0] - earlier[1] for earlier, later in pairwise(busy)]
        total = sum(end - start for start, end in busy)
        long = [pause > max(60.0, total / 10) for pause in pauses]
        self._starts = busy
        room = BARS - CUT * sum(long)
        self._factor = room / max(1.0, total + sum(p for p, cut in zip(pauses, long, strict=True) if not cut))
        self._places = [left]
        cuts = []
        for (start, end), pause, cut in zip(busy, pauses, long, strict=False):
            after = self._places[-1] + (end - start) * self._factor
            self._places.append(after + (CUT if cut else pause * self._factor))
            if cut:
                cuts.append((after + CUT / 2, pause))
        self.cuts = tuple(cuts)

    def place(self, time: float) -> float:
        i = max(i for i, (start, _) in enumerate(self._starts) if start <= time)
        return self._places[i] + (time - self._starts[i][0]) * self._factor


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Join spans that touch or overlap."""
    current: Span | None = None
    for start, end in spans:
        if current is None or start > current[1]:
            if current:
                yield current
            current = (start, end)
        else:
            current = (current[0], max(current[1], end))
    if current:
        yield current


def _row(name: str, y: float, spans: Sequence[tuple[TaskRecord | AttemptRecord, Span]], scale: _Scale) -> TimeRow:
    bars = []
    for part, (start, end) in spans:
        x = scale.place(start)
        width = max(THINNEST, scale.place(end) - x)
        lasted = seconds_between(part.started_at, part.ended_at)
        number = f"attempt {part.number}, " if isinstance(part, AttemptRecord) else ""
        bars.append(Bar(x, width, part.state, f"{number}{part.state or 'not ended'}, {lasted:.1f} s"))
    words = seconds(sum(end - start for _, (start, end) in spans))
    words += f", {len(bars)} attempts" if len(bars) > 1 else ""
    after = max(bar.x + bar.width for bar in bars) + INSET
    return TimeRow(shortened(name, LONGEST_NAME), y, tuple(bars), after, words)
