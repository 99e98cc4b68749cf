"""Jobs with real kernels: order, values, conditions, loops, retries, timeouts, and how notebooks end."""

from __future__ import annotations

import json
import re
import threading
import time

import pytest

from bundle_runner.errors import BundleError, GraphError, ModelError, ParameterError
from bundle_runner.record.records import read_record
from bundle_runner.run.execute import Run
from tests.bundle.small_bundle import SmallBundle, alive, by_key, states, task

TASK = "from bundle_runner import task"


def test_values_conditions_loops_and_a_report_whatever_happens(bundle: SmallBundle) -> None:
    first = bundle.notebook(
        "first", TASK, "task.set_value('names', ['a', 'b', name])", "task.set_value('work', 0)", parameters='name = ""'
    )
    each = bundle.notebook(
        "each",
        TASK,
        "task.set_value('records', len(item))",
        "assert task.get_value('first', 'names')[2] == name",
        parameters='item = ""\nname = ""',
    )
    never = bundle.notebook("never", "1 / 0", parameters='name = ""')
    report = bundle.notebook(
        "report",
        TASK,
        "task.set_value('books', [state, f'{name}'])",
        "task.set_value('report', True)",
        "task.end()",
        parameters='name = ""\nstate = ""',
    )
    loop = {
        "inputs": "{{tasks.first.values.names}}",
        "concurrency": 2,
        "task": task("one", each, values={"item": "{{input}}"}),
    }
    loop["task"].pop("depends_on")
    bundle.job(
        task("first", first),
        {"task_key": "loop", "depends_on": [{"task_key": "first"}], "for_each_task": loop},
        {
            "task_key": "has_work",
            "depends_on": [{"task_key": "loop"}],
            "condition_task": {"op": "GREATER_THAN", "left": "{{tasks.first.values.work}}", "right": 0},
        },
        {**task("middle", never), "depends_on": [{"task_key": "has_work", "outcome": "true"}]},
        task(
            "report",
            report,
            "middle",
            "first",
            run_if="ALL_DONE",
            values={"state": "{{tasks.middle.result_state}}", "name": "loses to the job"},
        ),
        parameters=[{"name": "name", "default": "{{job.name}}"}],
    )

    record = bundle.run(name="äß 'x'")

    assert states(record) == {
        "first": "SUCCESS",
        "loop": "SUCCESS",
        "has_work": "SUCCESS",
        "middle": "EXCLUDED",
        "report": "SUCCESS",
    }
    assert (record.state, record.exit_code) == ("SUCCESS", 0)
    assert by_key(record)["loop"].records == 1 + 1 + len("äß 'x'")
    assert [part.task_key for part in by_key(record)["loop"].iterations] == ["loop[a]", "loop[b]", "loop[äß 'x']"]
    assert by_key(record)["has_work"].outcome == "false"
    assert record.books == ("excluded", "äß 'x'")
    folder = bundle.folder / ".state" / "runs" / record.run_id
    assert record.report == "tasks/report/attempt_1/report.html"
    assert "end of notebook" in (folder / record.report).read_text()
    assert read_record(folder) == record


ENDS = {
    "an error": (["x = 1", "1 / 0"], "FAILED", "cell 2: ZeroDivisionError: division by zero", 1),
    "sys.exit(0)": (["import sys", "sys.exit(0)", "x = 1"], "FAILED", r"cell 2 left the notebook by sys.exit\(0\)", 1),
    "a killed kernel": (["import os", "os.kill(os.getpid(), 9)", "x = 1"], "FAILED", r"signal 9\) in cell 2", 1),
    "os._exit(0)": (["import os", "os._exit(0)", "x = 1"], "FAILED", r"the kernel died \(exit code 0\) in cell 2", 1),
    "a deliberate stop": (
        [TASK, "task.stop('3 of 7 columns are missing')"],
        "FAILED",
        "^3 of 7 columns are missing$",
        3,
    ),
    "a caught stop": ([TASK, "try:\n    task.stop('x')\nexcept task.Stop:\n    pass"], "SUCCESS", "^$", 0),
    "a skipped end": ([TASK, "if False:\n    task.end()"], "FAILED", "without its end mark", 1),
}


@pytest.mark.parametrize(("cells", "state", "message", "code"), ENDS.values(), ids=ENDS.keys())
def test_a_notebook_ends_as_it_really_ended(
    bundle: SmallBundle, cells: list[str], state: str, message: str, code: int
) -> None:
    notebook = bundle.notebook("it", *cells)
    bundle.job(task("it", notebook))
    record = bundle.run()
    it = by_key(record)["it"]
    assert (str(it.state), record.exit_code) == (state, code)
    assert re.search(message, it.message), it.message


def test_a_retry_counts_from_the_start_of_the_attempt_and_may_succeed(bundle: SmallBundle) -> None:
    flaky = bundle.notebook(
        "flaky",
        "from pathlib import Path",
        "mark = Path('seen')",
        "seen = mark.exists()\nmark.touch()\nassert seen, 'first time'",
    )
    after = bundle.notebook("after", "x = 1")
    bundle.job(task("flaky", flaky, max_retries=1, min_retry_interval_millis=4000), task("after", after, "flaky"))
    record = bundle.run()
    first, second = by_key(record)["flaky"].attempts
    assert [str(first.state), str(second.state)] == ["FAILED", "SUCCESS"]
    begun = [time.mktime(time.strptime(a.started_at[:19], "%Y-%m-%dT%H:%M:%S")) for a in (first, second)]
    assert 3.9 <= begun[1] - begun[0] <= 5.1
    assert ("retried", "flaky") in bundle.watcher.said
    assert (bundle.folder / "seen").exists(), "a notebook runs in its own folder"


def test_a_timeout_ends_the_kernel_and_is_not_retried(bundle: SmallBundle) -> None:
    slow = bundle.notebook("slow", "import time", "time.sleep(600)")
    after = bundle.notebook("after", "x = 1")
    bundle.job(task("slow", slow, timeout_seconds=4, max_retries=3), task("after", after, "slow"))
    record = bundle.run()
    assert states(record) == {"slow": "TIMEDOUT", "after": "UPSTREAM_FAILED"}
    assert len(by_key(record)["slow"].attempts) == 1
    assert by_key(record)["slow"].message == "the attempt was stopped after 4 s (timeout_seconds)"
    assert (str(record.state), record.exit_code) == ("FAILED", 1)


def test_a_run_that_takes_too_long_is_ended(bundle: SmallBundle) -> None:
    slow = bundle.notebook("slow", "import time", "time.sleep(600)")
    loop = {
        "inputs": "[1, 2]",
        "task": {"task_key": "one", "notebook_task": {"notebook_path": slow}, "max_retries": -1},
    }
    bundle.job({"task_key": "loop", "for_each_task": loop}, task("after", slow, "loop"), timeout_seconds=4)
    record = bundle.run()
    assert (str(record.state), record.exit_code) == ("TIMEDOUT", 1)
    assert states(record) == {"loop": "TIMEDOUT", "after": "CANCELED"}
    assert by_key(record)["loop"].message == "the run was stopped after 4 s (timeout_seconds)"
    assert [len(part.attempts) for part in by_key(record)["loop"].iterations] == [1, 0]


def test_an_interrupted_run_is_canceled_and_leaves_nothing_running(bundle: SmallBundle) -> None:
    slow = bundle.notebook(
        "slow",
        "import os, subprocess, sys, time\nfrom pathlib import Path",
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
        "Path('pids').write_text(f'{os.getpid()} {child.pid}')\ntime.sleep(600)",
    )
    bundle.job(task("slow", slow), task("after", slow, "slow", run_if="ALL_DONE"))
    run = Run(bundle.plan(), bundle.watcher)
    threading.Thread(target=_interrupt_when, args=(run, bundle.folder / "pids")).start()
    record = run.execute()
    assert (str(record.state), record.exit_code) == ("CANCELED", 130)
    assert states(record) == {"slow": "CANCELED", "after": "CANCELED"}
    for pid in (bundle.folder / "pids").read_text().split():
        assert not alive(int(pid))


def test_after_a_stop_no_iteration_begins_any_more(bundle: SmallBundle) -> None:
    slow = bundle.notebook(
        "slow", "import time\nfrom pathlib import Path", "Path('pids').write_text('1')\ntime.sleep(600)"
    )
    loop = {"inputs": '["a", "b", "c"]', "task": {**task("one", slow), "depends_on": []}}
    loop["task"].pop("depends_on")
    bundle.job({"task_key": "loop", "for_each_task": loop})
    run = Run(bundle.plan(), bundle.watcher)
    threading.Thread(target=_interrupt_when, args=(run, bundle.folder / "pids")).start()
    record = run.execute()
    parts = by_key(record)["loop"].iterations
    assert [str(part.state) for part in parts] == ["CANCELED"] * 3
    assert [part.started_at is None for part in parts] == [False, True, True]
    assert ("started", "loop[b]") not in bundle.watcher.said


def _interrupt_when(run: Run, path: object) -> None:
    while not path.exists() or not path.read_text():  # type: ignore[attr-defined]
        time.sleep(0.1)
    run.interrupted.set()


def test_root_failures_decide_the_exit_code(bundle: SmallBundle) -> None:
    gate = bundle.notebook("gate", TASK, "task.stop('the books do not close')")
    report = bundle.notebook("report", "raise RuntimeError('an earlier task failed')")
    bundle.job(task("gate", gate), task("next", gate, "gate"), task("report", report, "next", run_if="ALL_DONE"))
    record = bundle.run()
    assert states(record) == {"gate": "FAILED", "next": "UPSTREAM_FAILED", "report": "FAILED"}
    assert record.exit_code == 3


def test_a_value_that_nobody_set_fails_the_task_that_uses_it(bundle: SmallBundle) -> None:
    one = bundle.notebook("one", "x = 1", parameters='n = ""')
    bundle.job(task("one", one, values={"n": "1"}), task("two", one, "one", values={"n": "{{tasks.one.values.n}}"}))
    record = bundle.run()
    assert "{{tasks.one.values.n}} has no value: n is unknown" in by_key(record)["two"].message


def test_what_a_notebook_does_not_declare_is_refused_before_anything_runs(bundle: SmallBundle) -> None:
    one = bundle.notebook("one", "x = 1", parameters='busines_date = ""')
    bare = bundle.notebook("bare", "x = 1")
    bundle.job(task("one", one), parameters=[{"name": "business_date", "default": ""}])
    with pytest.raises(ParameterError, match=r"one.ipynb does not declare business_date; did you mean busines_date"):
        bundle.run()
    bundle.job(task("bare", bare, values={"x": "1"}))
    with pytest.raises(ParameterError, match=r"bare.ipynb has no cell tagged `parameters`"):
        bundle.run()
    assert not (bundle.folder / ".state").exists()


def test_a_missing_notebook_and_an_unknown_parameter_are_refused(bundle: SmallBundle) -> None:
    one = bundle.notebook("one", "x = 1")
    bundle.job(task("a", "./oen.ipynb"))
    with pytest.raises(BundleError, match=r"task a: .*oen.ipynb: there is no such notebook; did you mean one.ipynb"):
        bundle.run()
    bundle.job(task("a", one), parameters=[])
    with pytest.raises(ParameterError, match="--params date: job main has no such parameter"):
        bundle.run(date="x")
    bundle.job(task("a", one, "b"), task("b", one, "a"))
    with pytest.raises(GraphError, match="these tasks wait for each other: a, b"):
        bundle.run()


def test_dbutils_offers_widgets_and_task_values(bundle: SmallBundle) -> None:
    one = bundle.notebook(
        "one", "dbutils.jobs.taskValues.set(key='n', value={'deep': 7})", "dbutils.widgets.text('w', 'd')"
    )
    two = bundle.notebook(
        "two",
        "assert dbutils.jobs.taskValues.get(taskKey='one', key='n') == {'deep': 7}",
        "assert dbutils.widgets.get('n') == n == '7'",
        parameters='n = ""',
    )
    bundle.job(task("one", one), task("two", two, "one", values={"n": "{{tasks.one.values.n.deep}}"}))
    record = bundle.run()
    assert states(record) == {"one": "SUCCESS", "two": "SUCCESS"}, [t.message for t in record.tasks]


def test_hostile_output_becomes_an_inert_page(bundle: SmallBundle) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)><iframe src='https://example.com'></iframe>"
    one = bundle.notebook(
        "one", f"from IPython.display import HTML, Markdown, display\ndisplay(HTML({bad!r}), Markdown({bad!r}))"
    )
    bundle.job(task("one", one))
    record = bundle.run()
    html = by_key(record)["one"].attempts[0].html
    assert html
    page = (bundle.folder / ".state/runs" / record.run_id / html).read_text()
    shown = page.split('class="output"', 1)[1]
    assert "<script" not in page
    assert "<iframe" not in shown
    assert "onerror=alert" not in shown.replace("onerror=alert(2)&gt;", "")
    assert "default-src 'none'" in page


def test_run_json_is_written_while_the_run_goes_on(bundle: SmallBundle) -> None:
    look = bundle.notebook(
        "look",
        "from pathlib import Path\nimport json, os",
        "runs = Path('.state/runs')\nfound = json.loads(next(runs.glob('*/run.json')).read_text())",
        "assert found['run_id'] == os.environ['BUNDLE_RUN_ID']\nassert found['state'] is None",
        "assert found['tasks'][0]['attempts'][0]['number'] == 1",
    )
    bundle.job(task("look", look))
    record = bundle.run()
    assert record.exit_code == 0, by_key(record)["look"].message
    assert json.loads((bundle.folder / ".state/runs" / record.run_id / "run.json").read_text())["exit_code"] == 0


def test_a_loop_runs_as_many_at_once_as_it_says(bundle: SmallBundle) -> None:
    each = bundle.notebook(
        "each",
        "import time\nfrom pathlib import Path",
        "Path('times').open('a').write(f'{time.monotonic()} 1\\n')\ntime.sleep(0.5)",
        "Path('times').open('a').write(f'{time.monotonic()} -1\\n')",
    )
    loop = {
        "inputs": "[1, 2, 3, 4]",
        "concurrency": 2,
        "task": {"task_key": "one", "notebook_task": {"notebook_path": each}},
    }
    bundle.job({"task_key": "loop", "for_each_task": loop})
    assert states(bundle.run()) == {"loop": "SUCCESS"}
    steps = sorted(tuple(map(float, line.split())) for line in (bundle.folder / "times").read_text().splitlines())
    assert max(sum(step for _, step in steps[: end + 1]) for end in range(len(steps))) == 2
    assert len(steps) == 8


def test_a_disabled_task_is_left_out_and_told_and_who_needs_it_with_it(bundle: SmallBundle) -> None:
    off = bundle.notebook("off", "1 / 0")
    look = bundle.notebook("look", "assert state == 'disabled'", parameters='state = ""')
    bundle.job(
        task("off", off, disabled=True),
        task("needs", off, "off"),
        task("whatever", look, "off", run_if="ALL_DONE", values={"state": "{{tasks.off.result_state}}"}),
    )
    record = bundle.run()
    assert states(record) == {"off": "DISABLED", "needs": "DISABLED", "whatever": "SUCCESS"}
    assert by_key(record)["needs"].message == "not run: off DISABLED"
    assert ("DISABLED", "off") in bundle.watcher.said
    assert ("started", "off") not in bundle.watcher.said
    assert (str(record.state), record.exit_code) == ("SUCCESS", 0)


def test_a_run_of_nothing_but_disabled_tasks_is_disabled(bundle: SmallBundle) -> None:
    bundle.job(task("off", bundle.notebook("off", "1 / 0"), disabled=True))
    record = bundle.run()
    assert (str(record.state), record.exit_code) == ("DISABLED", 0)


def test_a_task_that_handles_failures_runs_after_one_and_is_left_out_otherwise(bundle: SmallBundle) -> None:
    broken, fine = bundle.notebook("broken", "1 / 0"), bundle.notebook("fine", "x = 1")
    bundle.job(
        task("broken", broken),
        task("fine", fine),
        task("alarm", fine, "broken", "fine", run_if="AT_LEAST_ONE_FAILED"),
        task("idle", fine, "fine", run_if="ALL_FAILED"),
    )
    record = bundle.run()
    assert states(record) == {"broken": "FAILED", "fine": "SUCCESS", "alarm": "SUCCESS", "idle": "EXCLUDED"}
    assert (str(record.state), record.exit_code) == ("SUCCESS_WITH_FAILURES", 1)


def test_only_runs_the_chosen_tasks_and_tells_the_others(bundle: SmallBundle) -> None:
    broken, fine = bundle.notebook("broken", "1 / 0"), bundle.notebook("fine", "x = 1")
    look = bundle.notebook("look", "assert state == 'excluded'", parameters='state = ""')
    bundle.job(
        task("first", broken),
        task("second", look, "first", values={"state": "{{tasks.first.result_state}}"}),
        task("third", fine, "second"),
        task("last", fine, "third"),
    )
    record = bundle.run("second+", "third")
    assert states(record) == {"first": "EXCLUDED", "second": "SUCCESS", "third": "SUCCESS", "last": "SUCCESS"}
    assert by_key(record)["first"].message == "not chosen"
    assert record.only == ("second+", "third")
    assert read_record(bundle.folder / ".state/runs" / record.run_id) == record
    failed = bundle.run("first")
    assert (str(failed.state), failed.exit_code) == ("FAILED", 1), "what was not chosen does not decide"


def test_tasks_that_are_not_chosen_may_be_of_any_kind(bundle: SmallBundle) -> None:
    sure = {"op": "EQUAL_TO", "left": "a", "right": "a"}
    bundle.job(
        {"task_key": "made", "dbt_task": {"commands": ["dbt run"]}, "libraries": [{"jar": "x.jar"}]},
        {"task_key": "sure", "depends_on": [{"task_key": "made"}], "colour": "red", "condition_task": sure},
        task("gone", "./gone.ipynb", "sure", environment_key="e"),
        environments=[{"environment_key": "e", "spec": {"dependencies": ["no-such-package"]}}],
    )
    with pytest.raises(ModelError, match="task made: dbt_task is not run by this runner yet; --only TASKS runs the"):
        bundle.run()
    record = bundle.run("sure")
    assert states(record) == {"made": "EXCLUDED", "sure": "SUCCESS", "gone": "EXCLUDED"}
    assert by_key(record)["made"].kind == "dbt"
    assert ["task sure: colour is not a known field" in words for words in record.warnings] == [True]


def test_what_takes_longer_than_its_health_rule_is_warned_of_and_goes_on(bundle: SmallBundle) -> None:
    health = {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 1}]}
    backlog = {"rules": [{"metric": "STREAMING_BACKLOG_FILES", "op": "GREATER_THAN", "value": 0}]}
    slow, fast = bundle.notebook("slow", "import time", "time.sleep(1.5)"), bundle.notebook("fast", "x = 1")
    bundle.job(task("slow", slow, health=health), task("fast", fast, health=backlog), health=health)
    record = bundle.run()
    assert (str(record.state), record.exit_code) == ("SUCCESS", 0)
    rule = "takes longer than 1 s (health: RUN_DURATION_SECONDS)"
    assert sorted(record.warnings) == [f"job main {rule}", f"task slow {rule}"]
    assert ("warned", f"task slow {rule}") in bundle.watcher.said
    assert read_record(bundle.folder / ".state/runs" / record.run_id) == record
    quiet = {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 60}]}
    bundle.job(task("fast", fast, health=quiet))
    assert bundle.run().warnings == ()
