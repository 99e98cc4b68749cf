"""`dbutils.secrets`: on a laptop a secret is an environment variable, and what the notebook shows does not show it."""
# ruff: noqa: N802

from __future__ import annotations

import html
import json
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bundle_runner.task import TaskError

HIDDEN = "[REDACTED]"
PREFIX = "SECRET_"
_SHORT = 4
"""A shorter value stands in ordinary text by chance."""


class SecretError(TaskError):
    """Say where a secret was looked for."""


@dataclass(frozen=True)
class SecretMetadata:
    """The name of a secret within its scope."""

    key: str


class Secrets:
    """Give secrets by scope and key, and remember which texts must not be shown. Its repr shows none."""

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def get(self, scope: str, key: str) -> str:
        """Return a secret.

        Raises: SecretError naming the environment variable that should hold it.
        """
        name = variable(scope, key)
        value = os.environ.get(name, "")
        if not value:
            raise SecretError(
                f"the secret {key!r} of scope {scope!r} is not there; on a laptop it is the environment variable "
                f"{name}; set it, then run again"
            )
        self._hide(value)
        return value

    def getBytes(self, scope: str, key: str) -> bytes:
        """Return a secret as UTF-8 bytes."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> list[SecretMetadata]:
        """Return the keys of a scope as the environment spells them: lower case, `_` for other signs."""
        start = variable(scope, "")
        return [SecretMetadata(name[len(start) :].lower()) for name in sorted(os.environ) if name.startswith(start)]

    def listScopes(self) -> None:
        """Refuse it.

        Raises: SecretError, always.
        """
        raise SecretError(
            "dbutils.secrets.listScopes is not offered by this runner: the name of an environment variable does not "
            "tell where the scope ends; ask by dbutils.secrets.list(scope)"
        )

    def _hide(self, value: str) -> None:
        escaped = repr(value)[1:-1]
        forms = {value, escaped, escaped.replace("'", "\\'"), json.dumps(value)[1:-1]}
        forms |= {html.escape(value), quote(value, safe="")}
        self._forms |= {form for form in forms if len(form) >= _SHORT}

    def redacted(self, content: Any) -> Any:
        """Return texts, and mappings and lists of them, without any secret that was asked for."""
        if isinstance(content, str):
            # Longest first: a form may hold another.
            for form in sorted(self._forms, key=len, reverse=True):
                content = content.replace(form, HIDDEN)
            return content
        if isinstance(content, dict):
            return {key: self.redacted(value) for key, value in content.items()}
        return [self.redacted(value) for value in content] if isinstance(content, list | tuple) else content


def variable(scope: str, key: str) -> str:
    """Return the environment variable that holds a secret on a laptop."""
    return re.sub("[^A-Z0-9]", "_", f"{PREFIX}{scope}_{key}".upper())


def redact_messages(session: Any, secrets: Secrets) -> None:
    """Take the secrets out of every message that a kernel sends: prints, results, pictures' texts and errors."""
    serialize = session.serialize

    def clean(message: dict[str, Any], ident: Any = None) -> Any:
        return serialize({**message, "content": secrets.redacted(message.get("content"))}, ident)

    session.serialize = clean


def redact_stream(stream: Any, secrets: Secrets) -> None:
    """Take the secrets out of every text that a process prints."""
    write = stream.write
    stream.write = lambda text: write(secrets.redacted(text))
