"""Prove who asks, on every question, without leaving a trace of it."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from typing import Protocol

from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.secrets import Vault
from sales_lakehouse.specs.auth import Auth, BasicAuth, BearerAuth, KeyAuth, OAuth2Auth

_EARLY = 30.0
"""Seconds before its end at which a token is fetched anew."""


class TokenDoor(Protocol):
    """Where a token is fetched."""

    def fetch(self, form: dict[str, str], basic: str) -> dict[str, object]:
        """Send the form and return the JSON object that came back."""


class Signer(Protocol):
    """Adds credentials to a question."""

    def headers(self) -> dict[str, str]:
        """Return the headers that prove who asks."""

    def query(self) -> dict[str, str]:
        """Return the query parameters that prove it."""

    def renew(self) -> bool:
        """Forget a refused credential; tell whether another can be had."""


@dataclass(frozen=True)
class Fixed:
    """Credentials that stay the same."""

    in_header: dict[str, str] = field(default_factory=dict, repr=False)
    in_query: dict[str, str] = field(default_factory=dict, repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers."""
        return self.in_header

    def query(self) -> dict[str, str]:
        """Return the query parameters."""
        return self.in_query

    def renew(self) -> bool:
        """Say that there is no other."""
        return False


class Renewed:
    """An OAuth 2.0 token: fetched when it is needed, and anew before it ends."""

    def __init__(self, auth: OAuth2Auth, vault: Vault, door: TokenDoor) -> None:
        self._vault, self._door = vault, door
        self._basic = _basic(vault, vault.secret(auth.client_id), vault.secret(auth.client_secret))
        self._form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
        self._token, self._ends = "", 0.0

    def headers(self) -> dict[str, str]:
        """Return the header with a token that still holds."""
        if not self._token or time.monotonic() > self._ends:
            self._fetch()
        return {"authorization": f"Bearer {self._token}"}

    def query(self) -> dict[str, str]:
        """Return nothing."""
        return {}

    def renew(self) -> bool:
        """Forget the token; the next question fetches another."""
        self._token = ""
        return True

    def _fetch(self) -> None:
        given = self._door.fetch(self._form, self._basic)
        token = given.get("access_token")
        if not isinstance(token, str) or not token:
            raise FaultError("no token", "the token endpoint answered without access_token")
        self._vault.hide(token)
        seconds = given.get("expires_in")
        lasts = float(seconds) if isinstance(seconds, int | float | str) and str(seconds).isdigit() else 300.0
        self._token, self._ends = token, time.monotonic() + max(lasts - _EARLY, lasts / 2)


def make_signer(auth: Auth, vault: Vault, door: TokenDoor) -> Signer:
    """Return what adds the declared credentials.

    Raises: ParameterError when a secret is not there.
    """
    match auth:
        case BasicAuth():
            return Fixed({"authorization": _basic(vault, vault.secret(auth.user), vault.secret(auth.password))})
        case BearerAuth():
            return Fixed({"authorization": f"Bearer {vault.secret(auth.token)}"})
        case KeyAuth():
            key = {auth.name: vault.secret(auth.key)}
            return Fixed(in_header=key) if auth.place == "header" else Fixed(in_query=key)
        case OAuth2Auth():
            return Renewed(auth, vault, door)
        case _:
            return Fixed()


def _basic(vault: Vault, user: str, password: str) -> str:
    packed = base64.b64encode(f"{user}:{password}".encode()).decode()
    vault.hide(packed)
    return f"Basic {packed}"
