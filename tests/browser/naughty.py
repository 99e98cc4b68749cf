"""Texts that others may choose: names of products, customers and files, and such as try to run."""

from __future__ import annotations

from itertools import product

BASES = [
    "", " ", "Tea cup", "O'Neill & Söhne", '6" plate', "back\\slash", "`tick`", "50 % off", "a<b>c", "1 < 2 > 0", "&amp;",
    "&lt;b&gt;", "&#x202e;", "]]>", "<!--", "-->", "<![CDATA[x]]>", "<?xml version='1.0'?>", "</td></tr></table>",
    "</main></body></html>", "</title><h1>x", "</style>*{display:none}", "{{ 7 * 7 }}", "{% raw %}", "{# no #}", "${HOME}",
    "$(id)", "%n%s%x", "=1+1", "@SUM(A1)", "+49 30", "-1", "NaN", "Infinity", "null", "None", "undefined", "true", "0x1F",
    "1e400", "' OR 1=1 --", '"; DROP TABLE sales; --', "../../etc/passwd", "C:\\con\\nul", "a/b?c#d%20e", "file:///etc/hosts",
    "//example.invalid/x", "# Heading", "**bold** [x](//example.invalid)", "![x](//example.invalid/x.png)",
]  # fmt: skip
DRESSES = [
    "{}",
    "\t{}\n{}",
    "\u202e{}\u202c",
    "{}\u0000\u0007\u001b[31m",
    "\u200b{}\ufeff\u2066",
    "é{}e\u0301 ﷽",
    "日本語{}한국어",
    "عربي {} עברית",
    "🧑\u200d🚀{}🏳\ufe0f\u200d🌈",
    "Z\u0337\u0310\u0348a\u0334l\u0335{}" + "x" * 300,
]
NAUGHTY = [dress.format(base, base) if base != "{}" else base for base, dress in product(BASES, DRESSES)]

# {} is an address of ours that must never be asked; `hit` a name in the page that must never be there.
RUN = "fetch('{}');window.hit=1"
PAYLOADS = [
    "<script>" + RUN + "</script>",
    "<SCRIPT SRC={}></SCRIPT>",
    "<script type=module>import('{}')</script>",
    "<script>window.hit=1//",
    "</script><script>" + RUN + "</script>",
    "--><script>" + RUN + "</script>",
    "]]><script>" + RUN + "</script>",
    "</title><script>" + RUN + "</script>",
    "</style><script>" + RUN + "</script>",
    "</textarea><script>" + RUN + "</script>",
    "'><script>" + RUN + "</script>",
    '"><script>' + RUN + "</script>",
    "<scr<script>ipt>" + RUN + "</scr</script>ipt>",
    "<img src=x onerror=\"" + RUN + "\">",
    "<img src={}>",
    "<img srcset='{} 1x'>",
    "<IMG/SRC=x/ONERROR=window.hit=1>",
    '" onmouseover="window.hit=1" x="',
    "' autofocus onfocus='window.hit=1' x='",
    "<svg onload=\"" + RUN + "\">",
    "<svg><script>" + RUN + "</script></svg>",
    "<svg><image href='{}'/></svg>",
    "<svg><use href='{}#x'/></svg>",
    "<svg><animate onbegin=window.hit=1 attributeName=x dur=1s>",
    "<svg><foreignObject><iframe src='{}'></iframe></foreignObject></svg>",
    "<iframe src='{}'></iframe>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<iframe src=\"javascript:parent.hit=1\"></iframe>",
    "<object data='{}'></object>",
    "<embed src='{}'>",
    "<link rel=stylesheet href='{}'>",
    "<link rel=prefetch href='{}'>",
    "<style>@import '{}';</style>",
    "<style>*{{background:url({})}}</style>",
    "<div style=\"background:url('{}')\">x</div>",
    "<meta http-equiv=refresh content='0;url={}'>",
    "<base href='{}'>",
    "<form action='{}'><input autofocus onfocus=this.form.submit()></form>",
    "<button formaction=javascript:window.hit=1>x</button>",
    "<video poster='{}' src='{}' autoplay></video>",
    "<audio src='{}' autoplay onerror=window.hit=1></audio>",
    "<details open ontoggle=window.hit=1>x</details>",
    "<marquee onstart=window.hit=1>x</marquee>",
    "<a href=\"javascript:window.hit=1\" id=link>x</a>",
    "[x](javascript:window.hit=1)",
    "<a href='data:text/html,<script>opener.hit=1</script>'>x</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
    "<noscript><p title=\"</noscript><img src=x onerror=window.hit=1>\">",
    "<template shadowrootmode=open><script>window.hit=1</script></template>",
    "<img src=x alt='`><img src={} onerror=window.hit=1>`'>",
]  # fmt: skip


def payloads(address: str) -> list[str]:
    """Return what tries to run, or to ask for an address; each with a number of its own."""
    return [
        text.replace("{{", "{").replace("}}", "}").replace("{}", f"{address}/{i}") for i, text in enumerate(PAYLOADS)
    ]
