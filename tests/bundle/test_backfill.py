"""`lakehouse backfill`: a plan, a run for each date, and the same command goes on where it ended."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import date
from pathlib import Path

import pytest

from bundle_runner.backfill import foresight, rebuilding
from bundle_runner.cli.backfill import Range, run_backfill, show_backfill
from bundle_runner.cli.commands import Asked
from bundle_runner.errors import ParameterError, ReferenceProblem, UsageError
from bundle_runner.record.records import RunRecord, read_record
from tests.bundle.small_bundle import SmallBundle

FIRST, LAST = date(2011, 1, 4), date(2011, 1, 6)
PROGRAM = """
import pathlib, sys
day, facts = sys.argv[1:]
assert day != "2011-01-05" or pathlib.Path("mended").exists(), "not yet"
with open("told", "a") as file:
    print(day, facts, file=file)
"""


def write(bundle: SmallBundle, *names: str, **job: object) -> Asked:
    """Write a job whose parameter `day` says what its program appends, and that fails on one date."""
    (bundle.folder / "it.py").write_text(PROGRAM)
    words = ["{{job.parameters.day}}", "{{backfill.iso_weekday}}"]
    task = {"task_key": "it", "spark_python_task": {"python_file": "./it.py", "parameters": words}}
    parameters = [{"name": name, "default": ""} for name in ("day", *names)]
    bundle.job(task, **{"parameters": parameters, **job})
    return Asked(bundle.folder, None, {})


def told(bundle: SmallBundle) -> list[str]:
    file = bundle.folder / "told"
    return file.read_text().splitlines() if file.exists() else []


def records(folder: Path) -> list[RunRecord]:
    found = [read_record(path.parent) for path in folder.glob(".state/runs/*/run.json")]
    return sorted(found, key=lambda record: record.started_at)


def test_a_date_that_failed_ends_it_and_the_same_command_goes_on(
    bundle: SmallBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, wanted = write(bundle), Range("main", FIRST, LAST, "day")
    assert run_backfill(asked, wanted, again=False, keep_going=False) == 1
    said = capsys.readouterr().out
    assert "2011-01-04  1 of 3  SUCCESS  run " in said
    assert "AssertionError: not yet" in said
    assert "1 of 3 dates have succeeded" in said
    assert "the same command goes on with the other 2: " in said
    assert "backfill main --from 2011-01-04 --to 2011-01-06 --param day" in said
    assert told(bundle) == ["2011-01-04 2"]

    (bundle.folder / "mended").touch()
    assert run_backfill(asked, wanted, again=False, keep_going=False) == 0
    said = capsys.readouterr().out
    assert "  2011-01-04  succeeded in run " in said
    assert "  2011-01-05  to run again: run " in said
    assert "3 dates: 2 to run, 1 have succeeded" in said
    assert told(bundle) == ["2011-01-04 2", "2011-01-05 3", "2011-01-06 4"]
    shared = {record.occasion.backfill for record in records(bundle.folder)}
    assert len(shared) == 1
    assert [str(record.occasion.backfill_at)[:10] for record in records(bundle.folder)] == [
        "2011-01-04", "2011-01-05", "2011-01-05", "2011-01-06",
    ]  # fmt: skip

    assert run_backfill(asked, wanted, again=False, keep_going=False) == 0
    assert "nothing to do; --again runs all of them once more" in capsys.readouterr().out
    wider = Range("main", FIRST, date(2011, 1, 7), "day")
    assert run_backfill(asked, wider, again=False, keep_going=False) == 0
    assert "4 dates: 1 to run, 3 have succeeded" in capsys.readouterr().out
    assert told(bundle)[3:] == ["2011-01-07 5"], "what another range ran is done"
    show_backfill(asked, wider, again=True)
    assert "4 dates: 4 to run, 0 have succeeded" in capsys.readouterr().out


def test_it_goes_on_after_a_failure_where_that_is_wished_and_again_runs_all(
    bundle: SmallBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, wanted = write(bundle), Range("main", FIRST, LAST, "day")
    assert run_backfill(asked, wanted, again=False, keep_going=True) == 1
    assert [line[:10] for line in told(bundle)] == ["2011-01-04", "2011-01-06"]
    (bundle.folder / "mended").touch()
    assert run_backfill(asked, wanted, again=True, keep_going=False) == 0
    assert [line[:10] for line in told(bundle)[2:]] == ["2011-01-04", "2011-01-05", "2011-01-06"]
    ids = [str(record.occasion.backfill) for record in records(bundle.folder)]
    assert ids == [ids[0]] * 3 + [f"{ids[0]}.2"] * 3
    assert run_backfill(asked, wanted, again=False, keep_going=False) == 0
    assert "3 dates: 0 to run, 3 have succeeded" in capsys.readouterr().out
    show_backfill(asked, Range("main", FIRST, FIRST, "day"), again=True)
    assert "1 date: 1 to run" in capsys.readouterr().out, "what another range ran is run again, too"


def test_a_dry_run_starts_nothing(bundle: SmallBundle, capsys: pytest.CaptureFixture[str]) -> None:
    show_backfill(write(bundle), Range("main", FIRST, LAST, "day"), again=False)
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == [
        "  2011-01-04  to run",
        "  2011-01-05  to run",
        "  2011-01-06  to run",
        "3 dates: 3 to run, 0 have succeeded",
        "nothing was started (--dry-run)",
    ]
    assert not (bundle.folder / ".state").exists()


def test_defaults_that_refer_to_the_backfill_take_the_date_themselves(
    bundle: SmallBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    day = [{"name": "day", "default": "{{backfill.iso_date}}"}]
    asked = write(bundle, parameters=day)
    assert run_backfill(asked, Range("main", FIRST, FIRST), again=False, keep_going=False) == 0
    assert "the job's own defaults take the date" in capsys.readouterr().out
    assert told(bundle) == ["2011-01-04 2"]
    with pytest.raises(ReferenceProblem, match="only the runs of `lakehouse backfill` have it"):
        bundle.plan()


def test_a_job_may_name_its_parameter_in_a_tag(bundle: SmallBundle, capsys: pytest.CaptureFixture[str]) -> None:
    show_backfill(write(bundle, "x", tags={"backfill_parameter": "day"}), Range("main", FIRST, LAST), again=False)
    assert "parameter day takes the date" in capsys.readouterr().out


REFUSED = {
    "nothing takes the date": (
        Range("main", FIRST, LAST),
        ParameterError,
        r"which parameter takes the date\? Say --param NAME \(it has day, x\)",
    ),
    "an unknown parameter": (
        Range("main", FIRST, LAST, "dya"),
        ParameterError,
        "--param dya: job main has no such parameter; did you mean day",
    ),
    "a value for the date": (Range("main", FIRST, LAST, "day", {"day": "x"}), ParameterError, "leave it out"),
    "a range that goes back": (Range("main", LAST, FIRST, "day"), UsageError, "the range goes back"),
    "an unknown job": (Range("mian", FIRST, LAST, "day"), UsageError, "job mian does not exist"),
}


@pytest.mark.parametrize(("wanted", "error", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_before_anything_starts(
    bundle: SmallBundle, wanted: Range, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        run_backfill(write(bundle, "x"), wanted, again=False, keep_going=False)
    assert not (bundle.folder / ".state").exists()


def foresee(values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {day: f"3 units for {given['day']}" for day, given in values.items()}


def broken(values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    raise ValueError("no such table")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install two functions that tell of a backfill, one of them broken."""
    entries = [foresight.EntryPoint(name, f"{__name__}:{name}", foresight.GROUP) for name in ("foresee", "broken")]
    monkeypatch.setattr(foresight, "entry_points", lambda group: [entry for entry in entries if entry.group == group])


def test_the_project_tells_what_each_date_means(
    bundle: SmallBundle, installed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    show_backfill(write(bundle), Range("main", FIRST, date(2011, 1, 5), "day"), again=False)
    lines = capsys.readouterr().out.splitlines()
    assert "cannot tell: ValueError: no such table · 3 units for 2011-01-04" in lines[1]
    assert lines[2].endswith("to run    3 units for 2011-01-05")


def rebuild(values: Mapping[str, Mapping[str, str]], dry_run: bool) -> Generator[str, None, int | None]:
    """Judge dates again; nothing would differ after the second run, and the file `barred` stands for a shut gate."""
    for given in values.values():
        yield f"{'would' if dry_run else 'will'} judge {given['day']} again"
    if Path("barred").exists():
        return 3
    done = Path("told").exists() and len(Path("told").read_text().splitlines()) > 1
    return 0 if done else None


def test_a_rebuild_shows_what_differs_asks_for_it_and_is_one_run(
    bundle: SmallBundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = foresight.EntryPoint("rebuild", f"{__name__}:rebuild", rebuilding.GROUP)
    monkeypatch.setattr(rebuilding, "entry_points", lambda group: [entry] if group == entry.group else [])
    monkeypatch.chdir(bundle.folder)
    asked, wanted = write(bundle), Range("main", FIRST, date(2011, 1, 5), "day", rebuild=True)
    assert show_backfill(asked, wanted, again=False) == 0
    said = capsys.readouterr().out
    assert "what would differ" in said
    assert "  would judge 2011-01-05 again" in said
    assert "will judge" not in said
    assert told(bundle) == []
    for number in (1, 2):  # rules change again: it is never done for good
        assert run_backfill(asked, wanted, again=False, keep_going=False) == 0
        said = capsys.readouterr().out
        assert said.index("would judge 2011-01-05") < said.index("will judge 2011-01-05") < said.index("SUCCESS")
        assert len(told(bundle)) == number, "one run for all dates"
    assert run_backfill(asked, wanted, again=False, keep_going=False) == 0
    assert "nothing was started; --again starts the run all the same" in capsys.readouterr().out
    Path("barred").touch()
    assert show_backfill(asked, wanted, again=False) == 3
    assert run_backfill(asked, wanted, again=False, keep_going=False) == 3
    assert len(told(bundle)) == 2, "a run that a check would stop, or that changes nothing, is not started"
    assert run_backfill(asked, wanted, again=True, keep_going=False) == 0
    assert len(told(bundle)) == 3
    capsys.readouterr()
    show_backfill(asked, Range("main", FIRST, FIRST, "day", rebuild=True), again=False)
    assert "would judge 2011-01-04" in capsys.readouterr().out, "nor does the rebuild of another range stand for it"
    assert len({record.occasion.backfill for record in records(bundle.folder)}) == 3
    show_backfill(asked, Range("main", FIRST, FIRST, "day"), again=False)
    assert "1 date: 1 to run" in capsys.readouterr().out, "a rebuild does not stand for a run of the date"


def test_a_rebuild_that_nobody_can_do_is_refused(bundle: SmallBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "entry_points", lambda **_: [])
    with pytest.raises(UsageError, match="nothing installed here makes dates of this job anew"):
        run_backfill(write(bundle), Range("main", FIRST, LAST, "day", rebuild=True), again=False, keep_going=False)
    assert told(bundle) == []
