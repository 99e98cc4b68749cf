"""What the pages say of the code can be found in the code."""

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").glob("*.md"), *PROJECT.glob("*/README.md")])
RUNBOOK = " ".join((PROJECT / "docs/runbook.md").read_text().split())

# What the runbook quotes, in the pieces in which the code writes it.
ON_SCREEN = [
    "lakehouse ended with exit code",
    "what it saw:",
    "then run again:",
    "to run it again:",
    "the kernel died (",
    "the Spark JVM ended at its start:",
    "interrupted (INTERNAL_ERROR): the runner died",
    "the Java chosen at set-up is gone:",
    "nothing was read or landed",
    "nothing was started",
    "or nothing for all new units",
    "runs go on (max_concurrent_runs)",
    "this run waits (queue): ",
    "holds the lease of this lakehouse (",
    "LeaseLostError",
    "it was not written and is as it was, nothing was promoted half;",
    "the lease cannot be written: ",
    "job sales_daily has no such parameter",
    "not on this machine; run it there: databricks bundle run",
    "the report is complete, but the run is not:",
    "unit_keeps_its_contract",
    "refused_within_limit",
    "no_byte_is_read_twice",
    "_quarantined_within_limit",
    "are let through",
    "every_record_is_accounted_for",
    "_equals_silver",
    "Nothing was promoted:",
    "Gold was not promoted and is as it was;",
    "Mend the query under pipelines/gold,",
    "nothing is new: every landed unit is applied, no rule and no SQL changed",
    "is in use by",
    "nothing answers at",
    "so its business date is unknown; the file was left where it is and not landed",
    "install one (for example openjdk-17)",
    "PyPI cannot be reached: check the network, set HTTPS_PROXY, or name a mirror in PIP_INDEX_URL",
    "Delta's jars could not be fetched from Maven Central",
    "make setup-local goes on where it was",
    "not what a run of this project left. Nothing was read from the published tables and nothing was written;",
    "its log entry was removed",
    "its bytes are not those that were sealed:",
    "its bytes do not hash to its name",
    "UNFINISHED",
    "SPARK_DRIVER_MEMORY",
]


def in_one_line(path: Path) -> str:
    """Return the text of a module or notebook with neighbouring literals joined, as they are printed."""
    text = re.sub(r"\\n\",|\\\"", " ", path.read_text())
    return re.sub(r"\"\s+f?\"", "", text).replace("{job_key}", "sales_daily")


@pytest.fixture(scope="module")
def said() -> str:
    """Give everything that the code says."""
    listed = subprocess.run(
        ["git", "ls-files", "lib", "notebooks/*.ipynb", "Makefile"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [PROJECT / name for name in listed.stdout.split()]
    assert len(paths) > 100
    return "\n".join(in_one_line(path) for path in paths)


@pytest.mark.parametrize("text", ON_SCREEN)
def test_runbook_quotes_what_the_code_says(text: str, said: str) -> None:
    assert text in RUNBOOK
    assert text in said


def test_runbook_has_a_section_for_every_exit_code_and_every_gate() -> None:
    sections = re.findall(r"(?m)^### (\w+)", (PROJECT / "docs/runbook.md").read_text())
    gates = re.findall(r"task_key: (gate_\w+)", (PROJECT / "resources/sales_daily.job.yml").read_text())
    assert gates
    assert {"0", "1", "2", "3", "4", "130", *gates} <= set(sections)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_of_a_page_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]
    assert len(PAGES) >= 5


def test_python_in_the_runbook_can_be_pasted() -> None:
    snippets = re.findall(r'-c "\n(.*?)"\n', (PROJECT / "docs/runbook.md").read_text(), re.DOTALL)
    assert len(snippets) >= 3
    for snippet in snippets:
        compile(snippet, "runbook", "exec")
        assert not re.search(r'[$`"\\]', snippet), "the shell would read it"
