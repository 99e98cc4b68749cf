"""Why a Spark home cannot be written."""

from __future__ import annotations


class SetUpError(Exception):
    """Say in one sentence what is missing, and the command that mends it."""
