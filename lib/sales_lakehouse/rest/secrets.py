"""Secrets: fetched by reference, shown nowhere."""

from __future__ import annotations

import base64
import html
import json
import os
from urllib.parse import quote, quote_plus

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.specs.auth import SecretRef

_HIDDEN = "***"
_SHORT = 4
"""A shorter value stands in ordinary text by chance."""


class Vault:
    """The secrets of one reading. Its repr shows none."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._forms: set[str] = set()

    def __repr__(self) -> str:
        return f"Vault({self._source})"

    def secret(self, reference: SecretRef) -> str:
        """Return a secret.

        Raises: ParameterError naming where it was looked for.
        """
        value = os.environ.get(reference.variable, "")
        if not value:
            raise ParameterError(
                f"{self._source}: the secret {reference.key!r} of scope {reference.scope!r} is not there; on a laptop "
                f"it is the environment variable {reference.variable}; nothing was asked, nothing landed; set it, then "
                "run again"
            )
        self.hide(value)
        return value

    def hide(self, value: str) -> None:
        """Remember a value that must not be shown, in the forms in which it might come back."""
        raw = value.encode()
        forms = {value, quote(value, safe=""), quote(value), quote_plus(value), html.escape(value), raw.hex()}
        forms |= {json.dumps(value)[1:-1], base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
        forms |= {quote(form, safe="") for form in [*forms]}
        self._forms |= {form for form in forms if len(form) >= _SHORT}

    def redact(self, text: str) -> str:
        """Return a text without any secret."""
        # Longest first: a form may hold another.
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, _HIDDEN)
        return text

    def stands_in(self, content: bytes) -> bool:
        """Tell whether bytes repeat a secret."""
        return any(form.encode() in content for form in self._forms)
