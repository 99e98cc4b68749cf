"""Small bundles whose notebooks fail."""

from pathlib import Path

import pytest

from tests.bundle.small_bundle import SmallBundle


@pytest.fixture
def bundle(tmp_path: Path) -> SmallBundle:
    """Give an empty bundle."""
    return SmallBundle(tmp_path)
