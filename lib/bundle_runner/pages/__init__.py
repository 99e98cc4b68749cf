"""The pages of runs: they open from a file, load nothing, run no script, and show every text as text."""

from bundle_runner.pages.commands import with_commands
from bundle_runner.pages.comparison import write_comparison
from bundle_runner.pages.notebook import write_page
from bundle_runner.pages.overview import write_overview, write_pages
from bundle_runner.pages.run import INDEX, write_run_page

__all__ = [
    "INDEX",
    "with_commands",
    "write_comparison",
    "write_overview",
    "write_page",
    "write_pages",
    "write_run_page",
]
