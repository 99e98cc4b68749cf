"""Read numbered pages of a REST API; the one module that opens sockets."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from sales_lakehouse.errors import ApiError
from sales_lakehouse.specs.source import RestDelivery

_TIMEOUT = httpx.Timeout(30, connect=5)
_TRANSIENT = {429, 500, 502, 503, 504}
_ATTEMPTS = 4
_KEPT = "the pages before stay in landing, the watermark stays where it was; run the job again"


@dataclass(frozen=True)
class Page:
    """One answer: its bytes as they came, the request that brought it, and what it announced."""

    content: bytes
    url: str
    number: int
    status: int
    headers: dict[str, str]
    records: list[dict[str, Any]]
    total: int
    is_last: bool


def read_pages(
    source: str, delivery: RestDelivery, base_url: str, records_key: str, since: str | None
) -> Iterator[Page]:
    """Yield the pages of everything newer than `since`, in order.

    Raises: ApiError when the API is not up, answers wrongly, or brings fewer records than it announced.
    """
    # A proxy of the environment is for the world outside: it would look for a loopback address on its own machine.
    outside = httpx.URL(base_url).host not in ("127.0.0.1", "localhost", "::1")
    with httpx.Client(base_url=base_url, timeout=_TIMEOUT, follow_redirects=False, trust_env=outside) as client:
        yield from _Reading(client, source, delivery, records_key, since).pages()


@dataclass(frozen=True)
class _Reading:
    client: httpx.Client
    source: str
    delivery: RestDelivery
    records_key: str
    since: str | None

    def pages(self) -> Iterator[Page]:
        found = 0
        for number in itertools.count(1):
            page = self.page(number)
            found += len(page.records)
            if page.is_last and found != page.total:
                raise ApiError(
                    f"{self.source}, {page.url}: the API announced {page.total} records and brought {found}; {_KEPT}"
                )
            yield page
            if page.is_last:
                return

    def page(self, number: int) -> Page:
        answer = self.get({"page": number, "page_size": self.delivery.page_size})
        try:
            body = json.loads(answer.content, parse_float=str)
            records, total, pages = body[self.records_key], int(body["total"]), int(body["pages"])
        except (ValueError, KeyError, TypeError) as cause:
            raise ApiError(
                f"{self.source}, {answer.url}: expected a JSON object with {self.records_key}, total and pages, got "
                f"{answer.headers.get('content-type', 'no content type')}, {answer.text[:80]!r}; "
                "the page was not landed; check the path in the source file, then run the job again"
            ) from cause
        kept = {name: answer.headers[name] for name in ("content-type", "date", "etag") if name in answer.headers}
        return Page(answer.content, str(answer.url), number, answer.status_code, kept, records, total, number >= pages)

    def get(self, parameters: dict[str, str | int]) -> httpx.Response:
        if self.since is not None and self.delivery.watermark_parameter:
            parameters |= {self.delivery.watermark_parameter: self.since}
        retrying = Retrying(
            retry=retry_if_exception(_is_transient), stop=stop_after_attempt(_ATTEMPTS), wait=_wait, reraise=True
        )
        try:
            return retrying(_get_once, self.client, self.delivery.path, parameters)
        except httpx.ConnectError as cause:
            raise ApiError(
                f"{self.source}: nothing answers at {self.client.base_url}; nothing was landed from it in this run; "
                "start the sample shop with `.venv/bin/lakehouse simulate shop-api`, or set the variable shop_api_url"
            ) from cause
        except httpx.HTTPStatusError as cause:
            raise ApiError(
                f"{self.source}, {cause.request.url}: status {cause.response.status_code} "
                f"after {_ATTEMPTS} attempts at most; {_KEPT}"
            ) from cause
        except httpx.HTTPError as cause:
            raise ApiError(
                f"{self.source}, {self.client.base_url}{self.delivery.path}: {type(cause).__name__} "
                f"after {_ATTEMPTS} attempts; {_KEPT}"
            ) from cause


def _get_once(client: httpx.Client, path: str, parameters: dict[str, str | int]) -> httpx.Response:
    answer = client.get(path.lstrip("/"), params=parameters)
    if not answer.is_success:
        raise httpx.HTTPStatusError(f"status {answer.status_code}", request=answer.request, response=answer)
    return answer


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _TRANSIENT
    return isinstance(error, httpx.TransportError)


def _wait(state: RetryCallState) -> float:
    """Wait as the server asks (whole seconds, at most 30), else exponentially from 0.2 s, with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, httpx.HTTPStatusError):
        asked = error.response.headers.get("retry-after", "")
        if asked.isdigit():
            return min(float(asked), 30.0)
    return wait_exponential_jitter(multiplier=0.2, max=5)(state)
