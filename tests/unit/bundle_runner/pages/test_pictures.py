"""The pictures: every line leads one layer on, nothing overlaps, numbers stay numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from bundle_runner.pages.flow import draw_flow
from bundle_runner.pages.graph import HEIGHT, draw_graph
from bundle_runner.pages.layers import depths
from bundle_runner.pages.timeline import BARS, draw_timeline
from bundle_runner.record.records import AttemptRecord
from bundle_runner.record.told import Stream
from tests.unit.bundle_runner.run_records import at, attempt, run, task

GRAPHS = {
    "a chain": ["a", "b a", "c b"],
    "a diamond": ["a", "b a", "c a", "d b c"],
    "a line that passes a layer": ["a", "b a", "c b", "d a c"],
    "named before what it waits for": ["d c", "c b", "b a", "a"],
    "two islands": ["a", "b a", "c", "d c"],
    "twelve side by side": ["a", *(f"t{i} a" for i in range(12)), "z " + " ".join(f"t{i}" for i in range(12))],
}


@pytest.mark.parametrize("lines", GRAPHS.values(), ids=GRAPHS.keys())
def test_boxes_do_not_overlap_and_stand_below_what_they_wait_for(lines: list[str]) -> None:
    tasks = [task(*line.split()) for line in lines]
    picture = draw_graph(tasks)
    assert picture is not None
    boxes = {box.task.task_key: box for box in picture.boxes}
    assert len(boxes) == len(lines)
    for one, other in combinations(boxes.values(), 2):
        assert abs(one.x - other.x) >= picture.box_width or abs(one.y - other.y) >= HEIGHT
    for one in tasks:
        assert all(boxes[before].y < boxes[one.task_key].y for before in one.depends_on)
        assert 0 <= boxes[one.task_key].x <= picture.width - picture.box_width
    assert len(picture.lines) == sum(len(one.depends_on) for one in tasks)


def test_a_circle_and_a_record_without_dependencies_have_no_picture() -> None:
    assert draw_graph([task("a", "b"), task("b", "a")]) is None
    assert draw_graph([task("a"), task("b")]) is None
    assert depths("ab", [("a", "b"), ("b", "a")]) is None


def test_each_attempt_has_a_bar_where_it_ran() -> None:
    first, second = attempt(1, "00:00:00", "00:00:10"), attempt(2, "00:00:30", "00:00:40")
    picture = draw_timeline(run(replace(task("a"), attempts=(first, second))))
    assert picture is not None
    (row,) = picture.rows
    assert [round((bar.x - picture.left) / BARS * 40) for bar in row.bars] == [0, 30]
    assert [round(bar.width / BARS * 40) for bar in row.bars] == [10, 10]
    assert picture.cuts == ()


def test_a_pause_before_a_repair_is_cut_and_said() -> None:
    later = replace(attempt(2), started_at="2011-01-06T00:00:00.000Z", ended_at="2011-01-06T00:00:10.000Z")
    picture = draw_timeline(run(replace(task("a"), attempts=(attempt(1, "00:00:00", "00:00:10"), later))))
    assert picture is not None
    ((_, pause),) = picture.cuts
    assert pause == 24 * 3600 - 10
    assert all(bar.width > BARS / 3 for bar in picture.rows[0].bars)


def test_what_goes_on_ends_with_what_is_known() -> None:
    going = replace(task("a"), state=None, ended_at=None, attempts=(AttemptRecord(1, at("00:00:00")),))
    picture = draw_timeline(run(going, task("b"), ended_at=None))
    assert picture is not None
    assert picture.rows[0].bars[0].told == "attempt 1, not ended, 0.0 s"
    assert draw_timeline(run(replace(going, attempts=(), started_at=None))) is None


def test_the_flow_says_where_it_does_not_close() -> None:
    streams = [Stream("shop", "kept", 90), Stream("shop", "refused", 10), Stream("kept", "new", 89)]
    picture = draw_flow(streams)
    assert picture is not None
    assert {place.name: (place.count, place.closes) for place in picture.places} == {
        "shop": (100, True),
        "kept": (90, False),
        "refused": (10, True),
        "new": (89, True),
    }
    bands = {band.stream.target: band for band in picture.bands}
    assert {*streams} == {band.stream for band in picture.bands}
    assert bands["kept"].width == pytest.approx(9 * bands["refused"].width, rel=0.01)
    assert draw_flow([]) is None
