"""Tell what looks like a secret: in a line of text, or by the name that a value goes by."""

from __future__ import annotations

import re

_KNOWN = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Databricks token": re.compile(r"\bdapi[0-9a-f]{32}\b"),
    "a GitHub token": re.compile(r"\b(?:ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{30,}\b"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a bearer token": re.compile(r"(?i)\bbearer\s+[\w.~+/-]{16,}"),
    "a key of a cloud store": re.compile(r"\bAccountKey=[A-Za-z0-9+/=]{40,}"),
    "a key of an API": re.compile(r"\b(?:sk-[\w-]{20,}|sk_live_\w{16,}|AIza[\w-]{35})"),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a password in an address": re.compile(r"\b\w+://[^\s/:@\"'${}<>]+:[^\s/:@\"'${}<>]{3,}@"),
}
_ASSIGNED = re.compile(
    r"""(?i)\b[\w.-]*(?:password|passwd|secret|(?:api|access)[_.]?key|(?:secret|account)\.key(?:\.[\w.-]+)?|token)["']?"""
    r"""\s*[:=]\s*(["'])(?P<value>[^"']{8,})\1"""
)
_HARMLESS = re.compile(r"(?i)[${}<>\s*]|example|changeme|placeholder|dummy|your|secrets?[/.]|^[a-z]+(?:[_./-][a-z]+)*$")
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_.-])(?:password|passwd|passphrase|pwd|secret|token|(?:api|access|private|secret)[_.]?key"
    r"|credentials?)$"
)
_NAMED_ELSEWHERE = re.compile(r"^(?:[\w.-]+/[\w.-]+|\{\{.*\}\}|\$\{.*\}|)$")
"""Where a secret is kept, `scope/key`, or a reference, or nothing."""


def secret_in(line: str) -> str | None:
    """Return what a line seems to give away, None where it gives away nothing."""
    for name, pattern in _KNOWN.items():
        if pattern.search(line):
            return name
    for match in _ASSIGNED.finditer(line):
        if not _HARMLESS.search(match["value"]):
            return "a password or key"
    return None


def secret_named(name: str, value: str) -> str | None:
    """Return what a named value seems to give away, by its text or by its name; None where nothing."""
    if said := secret_in(value):
        return f"it holds {said}"
    if _SECRET_NAME.search(name) and not _NAMED_ELSEWHERE.fullmatch(value):
        return "its name says so"
    return None
