"""A browser for the tests of pages; without chromium they are skipped, but not where it must be there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.browser.driver import Browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start the browser once."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        assert os.environ.get("BROWSER") != "required", "no chromium, and .ci/run promises one"
        pytest.skip("no chromium on this machine")
    with Browser(program, tmp_path_factory.mktemp("browser") / "profile") as started:
        yield started


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """Give the browser as it looks to most people."""
    chromium.look()
    return chromium
