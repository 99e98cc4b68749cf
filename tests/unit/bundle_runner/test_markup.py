"""Markup of foreign notebooks: shape stays, life goes."""

from __future__ import annotations

import re

import pytest

from bundle_runner.pages.markup import clean

KEPT = (
    "<h2>Day</h2><p>a <b>b</b></p><table><thead><tr><th>h</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
)
HOSTILE = [
    "<script>alert(1)</script>",
    "<scr<script></script>ipt>alert(1)</script>",
    "<ScRiPt src='https://example.com/x.js'>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://example.com/x.png'>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<iframe src='https://example.com'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' jAvAsCrIpT:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<object data='x.swf'></object><embed src=x><link rel=stylesheet href=//example.com><meta http-equiv=refresh>",
    "<div style='background:url(https://example.com)' onclick=alert(1)>x</div>",
    "<form action=//example.com><input autofocus onfocus=alert(1)></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<base href='//example.com'><details open ontoggle=alert(1)>",
]


def test_the_shape_of_a_text_is_kept() -> None:
    assert clean(KEPT) == KEPT
    assert clean("<style scoped>.a {}</style>1 &lt; 2") == "1 &lt; 2"
    assert clean('<a href="https://example.com">x</a>') == '<a href="https://example.com">x</a>'


@pytest.mark.parametrize("markup", HOSTILE)
def test_nothing_live_is_left(markup: str) -> None:
    left = clean(markup)
    assert not re.search(r"<\s*(?!/?(img|a|div|table)\b)[a-z]", left, re.IGNORECASE), left
    assert not re.search(r"\b(src|href|style|on\w+)\s*=", left, re.IGNORECASE), left
