"""Keep the shape of foreign markup and take the life out of it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
"""What holds no text for readers. Taking it out makes nothing safe: the sanitiser after it does."""

TEXT = ["a", "abbr", "b", "br", "code", "del", "em", "i", "img", "kbd", "s", "small", "span", "strong", "sub", "sup"]
BLOCKS = ["blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"]
TABLES = ["caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"]
ATTRIBUTES = {
    "*": ["class", "id"],
    "a": ["href", "title"],
    "img": ["alt"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
}


def clean(markup: str | bytes) -> str:
    """Return markup without scripts, styles, frames, forms, events, and anything that loads."""
    text = markup.decode() if isinstance(markup, bytes) else str(markup)
    return str(_sanitizer().sanitize_html_tags(UNSEEN.sub("", text)))


@cache
def _sanitizer() -> Any:
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    make: Any = SanitizeHTML  # nbconvert's own annotations stop at its constructor
    return make(tags=[*TEXT, *BLOCKS, *TABLES], attributes=ATTRIBUTES, strip=True)
