"""Put one question to the API and take one answer in; the one module that opens sockets."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.request import getproxies

import httpx

from sales_lakehouse.rest.answer import Answer, Ask
from sales_lakehouse.rest.auth import make_signer
from sales_lakehouse.rest.body import take_body
from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.origin import Origin
from sales_lakehouse.rest.question import Question
from sales_lakehouse.rest.secrets import Vault
from sales_lakehouse.rest.waits import asked_wait
from sales_lakehouse.specs.auth import OAuth2Auth, variables_of
from sales_lakehouse.specs.rest import RestDelivery

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = (301, 302, 303, 307, 308)
_HOPS = 5
_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_KEPT = ("content-type", "date", "etag", "last-modified", "link", "retry-after", "backoff")
_SHOWN = 120


class Door:
    """The way to one API: its origin, its credentials, its bounds."""

    def __init__(self, question: Question, vault: Vault) -> None:
        delivery = question.delivery
        self.origin = Origin.of(question.base_url, delivery.allow)
        self._limits, self._vault = delivery.limits, vault
        self._secrets = variables_of(delivery.auth)
        self._kept = (*_KEPT, *_headers_of(delivery))
        # A proxy of the environment is for the world outside: it would look for a loopback address on its own machine.
        outside = not self.origin.is_local
        self._looks_at_peer = not (outside and getproxies())
        timeout = httpx.Timeout(self._limits.read_seconds, connect=self._limits.connect_seconds)
        trusted = _trusted(question.base_url, question.token_base_url)
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=outside, verify=trusted)
        self._token = _TokenDoor(self, question, delivery)
        self._signer = make_signer(delivery.auth, vault, self._token)

    def __enter__(self) -> Self:
        """Open it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close every connection."""
        self._client.close()

    def send(self, ask: Ask, etag: str | None = None) -> Answer:
        """Ask once, following redirects within the origin; status 304 says that the answer with this ETag still holds.

        Raises: FaultError with the name of what is wrong, and whether it may pass.
        """
        url, renewed = ask.url, False
        for _ in range(_HOPS):
            answer, location = self._exchange(Ask(url, ask.body), etag)
            if answer.status == httpx.codes.UNAUTHORIZED and not renewed and self._signer.renew():
                renewed = True
            elif answer.status in _REDIRECTS:
                url = self.origin.follow(url, location)
            else:
                return self._judged(answer)
        raise FaultError("redirect loop", f"still no answer after {_HOPS} redirects")

    def post_form(self, url: str, origin: Origin, form: dict[str, str], basic: str) -> object:
        """Send a form and return the JSON that came back.

        Raises: FaultError.
        """
        request = self._client.build_request("POST", url, data=form, headers={"authorization": basic})
        with self._sent(request, origin) as (response, started):
            content = take_body(response, self._limits, started)
            if not response.is_success:
                wait = asked_wait(response.headers)
                passing = response.status_code in _PASSING
                raise FaultError("no token", f"status {response.status_code} at {url}", passing=passing, wait=wait)
        try:
            return json.loads(content)
        except ValueError as cause:
            raise FaultError("no token", f"expected JSON at {url}, got {content[:_SHOWN]!r}") from cause

    def _exchange(self, ask: Ask, etag: str | None) -> tuple[Answer, str]:
        headers = {"accept": "application/json", "accept-encoding": "gzip", **self._signer.headers()}
        if etag:
            headers["if-none-match"] = etag
        if ask.body is not None:
            headers["content-type"] = "application/json"
        url = httpx.URL(ask.url).copy_merge_params(self._signer.query()) if self._signer.query() else ask.url
        request = self._client.build_request("POST" if ask.body else "GET", url, content=ask.body, headers=headers)
        with self._sent(request, self.origin) as (response, started):
            content = take_body(response, self._limits, started)
            if self._vault.stands_in(content):
                raise FaultError("secret in the answer", "it repeats a credential of ours; it was not landed")
            told = {name: self._vault.redact(response.headers[name]) for name in self._kept if name in response.headers}
            moment = datetime.now(UTC).isoformat(timespec="microseconds")
            answer = Answer(content, self._vault.redact(ask.url), response.status_code, told, moment)
            return answer, response.headers.get("location", "")

    @contextmanager
    def _sent(self, request: httpx.Request, origin: Origin) -> Iterator[tuple[httpx.Response, float]]:
        started = time.monotonic()
        try:
            response = self._client.send(request, stream=True)
            try:
                self._check_peer(response, origin)
                yield response, started
            finally:
                response.close()
        except httpx.ConnectTimeout as cause:
            raise FaultError("connect timeout", _after(self._limits.connect_seconds), passing=True) from cause
        except httpx.ConnectError as cause:
            what = f"nothing answers at {origin.scheme}://{origin.host}:{origin.port}"
            raise FaultError("not up", what, passing=True) from cause
        except httpx.ReadTimeout as cause:
            raise FaultError("read timeout", _after(self._limits.read_seconds), passing=True) from cause
        except httpx.RemoteProtocolError as cause:
            raise FaultError("cut body", str(cause), passing=True) from cause
        except httpx.TransportError as cause:
            what = f"{type(cause).__name__} {cause}".strip()
            raise FaultError("connection reset", what, passing=True) from cause

    def _check_peer(self, response: httpx.Response, origin: Origin) -> None:
        # The name may have led elsewhere since it was looked up.
        stream: Any = response.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream and self._looks_at_peer else None
        if peer:
            origin.check_addresses([str(peer[0])])

    def _judged(self, answer: Answer) -> Answer:
        if answer.status < httpx.codes.MULTIPLE_CHOICES or answer.status == httpx.codes.NOT_MODIFIED:
            return answer
        told = answer.content[:_SHOWN].decode(errors="replace")
        what = f"the API says {told!r}" if told else "without a word"
        if answer.status in _REFUSED:
            sent = f"it was sent {' and '.join(self._secrets)}" if self._secrets else "no credential was sent (auth)"
            what = f"{what}; {sent}"
        wait, passing = asked_wait(answer.headers), answer.status in _PASSING
        raise FaultError(f"status {answer.status}", what, passing=passing, wait=wait)


class _TokenDoor:
    """Where OAuth 2.0 tokens are fetched: at the API itself, or where its connection says."""

    def __init__(self, door: Door, question: Question, delivery: RestDelivery) -> None:
        self._door, self._base = door, question.token_base_url or question.base_url
        self._auth, self._allow = delivery.auth, delivery.allow

    def fetch(self, form: dict[str, str], basic: str) -> dict[str, object]:
        """Send the form and return the JSON object that came back."""
        path = self._auth.path if isinstance(self._auth, OAuth2Auth) else ""
        origin = Origin.of(self._base, self._allow)
        found = self._door.post_form(self._base.rstrip("/") + path, origin, form, basic)
        return found if isinstance(found, dict) else {}


def _headers_of(delivery: RestDelivery) -> tuple[str, ...]:
    """Return the headers from which totals and cursors are read."""
    named = (delivery.total and delivery.total.header, getattr(delivery.paging, "header", None))
    return tuple(name.lower() for name in named if name)


def _trusted(*base_urls: str | None) -> ssl.SSLContext | bool:
    """Return what certificates are held against: where nothing is asked over https, none is trusted, none loaded."""
    asks_https = any(url and not url.lower().startswith("http://") for url in base_urls)
    return asks_https or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _after(seconds: float) -> str:
    return f"nothing came for {seconds:g} s"
