"""How a page is written, and how a value becomes text on it; policy and style stand in the templates."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bundle_runner.states import ResultState

if TYPE_CHECKING:
    from jinja2 import Environment

WIDE, NARROW, BOLD = 9.6, 8.0, 1.12
"""Pixels of a capital and of another letter of 13 pixels in DejaVu Sans, the widest of the usual fonts."""
LONGEST_NAME = 40
"""Letters of a task's or a place's name in a picture."""
LONGEST = 4000
"""Characters of one value on a page; all of it stands in run.json."""
SIGNS = {
    ResultState.SUCCESS: ("ok", "✓"),
    ResultState.SUCCESS_WITH_FAILURES: ("warn", "!"),
    ResultState.FAILED: ("bad", "✗"),
    ResultState.TIMEDOUT: ("bad", "✗"),
    ResultState.UPSTREAM_FAILED: ("held", "⊘"),
    ResultState.CANCELED: ("held", "■"),
    ResultState.UPSTREAM_CANCELED: ("held", "⊘"),
    ResultState.EXCLUDED: ("off", "–"),
    ResultState.DISABLED: ("off", "–"),
}
"""Class and sign of each state: whoever cannot tell the colours reads the sign and the word."""
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def write(target: Path, template: str, **facts: Any) -> None:
    """Write a page whole or not at all: two runs may end at the same time, and a reader may come in between."""
    draft = target.with_name(f".{target.name}.draft")
    draft.write_text(render(template, **facts), encoding="utf-8", errors="replace")
    draft.replace(target)


def render(template: str, **facts: Any) -> str:
    """Return a page; every value in it is escaped."""
    return _environment().get_template(template).render(**facts)


def visible(value: object) -> str:
    """Return a value as text in which nothing is hidden: what has no picture of its own is told by its number."""
    text = "" if value is None else str(value)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def sign(state: ResultState | None) -> tuple[str, str]:
    """Return class and sign of a state; None is a state, too: the task has none yet."""
    return SIGNS[state] if state else ("open", "…")


def link(path: object) -> str:
    """Return a path as a relative address that no character of it can make another."""
    address = quote(str(path).encode("utf-8", "replace"), safe="/")
    return f".{address}" if address.startswith("/") else address  # two strokes would begin the name of a host


def seconds(value: float) -> str:
    """Return a duration in words: 12.3 s, 4 min 5 s, 2 h 3 min."""
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def shortened(text: str, longest: int) -> str:
    """Return a name that fits into a picture; the whole name stands in the picture's titles and in the tables."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def text_width(text: str, *, bold: bool = False) -> float:
    """Return what a text takes at most in a picture, in pixels, whichever of the usual fonts the reader has."""
    width = sum(WIDE if letter.isupper() or letter in "…✓✗⊘■_" else NARROW for letter in text)
    return width * BOLD if bold else width


def several(count: int, noun: str) -> str:
    """Return a count with its noun: 1 rule, 2,000 rules."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def counted(records: int | str | None) -> str:
    """Return what a task says of its records; a number with its thousands apart."""
    return f"{records:,}" if isinstance(records, int) else records or ""


def moment(text: str | None) -> str:
    """Return a moment of run.json as people read it: 2011-01-05 06:30:00."""
    return (text or "")[:19].replace("T", " ")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # read only when a page is written
    from markupsafe import Markup

    def shown(value: object) -> object:
        return value if isinstance(value, Markup) else visible(value)

    environment = Environment(
        loader=PackageLoader("bundle_runner.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "counted": counted,
        "link": link,
        "moment": moment,
        "seconds": seconds,
        "several": several,
        "shortened": shortened,
        "sign": sign,
        "thousands": "{:,}".format,
    }
    return environment
