"""The name that every commit of ours carries: who writes, and in which run."""

from __future__ import annotations

import json

WRITER = "sales_lakehouse"


def sign(run_id: str) -> str:
    """Return the text that a commit carries as Delta's `userMetadata`."""
    return json.dumps({"writer": WRITER, "run": run_id})


def is_ours(user_metadata: object) -> bool:
    """Tell whether a commit with this `userMetadata` was made by `tables.py`, whatever the run."""
    try:
        said = json.loads(user_metadata) if isinstance(user_metadata, str) else None
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("writer") == WRITER
