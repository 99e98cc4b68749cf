"""What the records of a page say, each as a hash: the same in whatever order its keys stand, with whatever blanks."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sales_lakehouse.rest.page import Page

_TWICE = "\0twice"


def fingerprints(page: Page, records: str) -> list[str]:
    """Return the hash of each record of a page, in their order; `records` is the path to them."""
    found = _EXACT.decode(page.content.decode("utf-8-sig"))
    for key in records.split(".") if records else ():
        found = found[key]
    texts = (json.dumps(record, sort_keys=True) for record in found)
    return [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # A record that has a key twice is refused later: the one that corrects it must not pass for the same.
    return found if len(found) == len(pairs) else {**found, _TWICE: repr(pairs)}


# 1.50 the number is not 1.50 the text, and not 1.5.
_EXACT = json.JSONDecoder(parse_float=lambda text: {"number": text}, object_pairs_hook=_object)
