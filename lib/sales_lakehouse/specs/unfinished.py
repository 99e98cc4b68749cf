"""What a drafted source file leaves to a person, and how it is found again when nobody has filled it in."""

from __future__ import annotations

from pathlib import Path

FILL_IN = "# fill in: "
DESCRIPTION = "Who delivers what."
NO_CURRENCY = "XXX"
"""ISO 4217 for no currency: the draft loads, and no sale passes before somebody says which it is."""
_KEPT = (f'"{DESCRIPTION}"', f"{{value: {NO_CURRENCY}}}", f'{{value: "{NO_CURRENCY}"}}')


def placeholders(text: str) -> list[str]:
    """Return the lines of a source file that are marked to be filled in, or still say what the draft said."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if FILL_IN in line or line.endswith(_KEPT)]


def unfinished(path: Path) -> str:
    """Say which lines of a source file wait to be filled in; nothing where none does."""
    found = placeholders(path.read_text(encoding="utf-8"))
    more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
    return f"{path.name}: a line of the draft waits to be filled in: {found[0]}{more}" if found else ""
