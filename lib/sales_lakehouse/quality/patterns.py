"""Regular expressions that Java, whose Spark's are, and Python read alike."""

from __future__ import annotations

import re
from functools import cache

_PLAIN = r"[A-Za-z0-9 _\-/:;,@%=~\"'<>!#&]"
_ESCAPED = r"\\[dDsSwW.\\/\-+*?()\[\]{}|^$]"
_MEMBER = r"(?:[A-Za-z0-9 _/:;,@%=~\"'<>!#.+*?(){}|$-]|\\[dsw.\\/\-+*?()\[\]{}|^$])"
_TOKEN = re.compile(
    rf"(?P<dot>\.)|{_PLAIN}|{_ESCAPED}|\[\^?{_MEMBER}+\]|\((?:\?:|(?!\?))|\)|\||[*+?][?+]?|\{{[0-9]+(?:,[0-9]*)?\}}[?+]?"
)
_NO_LINE_END = r"[^\n\r\u0085\u2028\u2029]"
"""What a dot means in Java; in Python it only spares the line feed."""


@cache
def read_alike(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern for Python's `fullmatch`; None where the two languages might read it differently.

    What is known to mean the same is taken, all else is left to Spark: anchors, flags, look-around, references, and
    letters beyond ASCII.
    """
    parts, place = [], 0
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None:
            return None
        parts.append(_NO_LINE_END if token["dot"] else token[0])
        place = token.end()
    try:
        return re.compile("".join(parts), re.ASCII)
    except re.error:
        return None
