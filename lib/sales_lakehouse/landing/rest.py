"""Read numbered pages of a REST API; the one module that opens sockets."""

from __future__ import annotations

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
    found = 0
    # A proxy of the environment is for the world outside: it would look for a loopback address on its own machine.
    outside = httpx.URL(base_url).host not in ("127.0.0.1", "localhost", "::1")
    with httpx.Client(base_url=base_url, timeout=_TIMEOUT, follow_redirects=False, trust_env=outside) as client:
        for number in range(1, 1_000_000):
            page = _read_page(client, source, delivery, records_key, since, number)
            found += len(page.records)
            if page.is_last and found != page.total:
                raise ApiError(
                    f"{source}, {page.url}: the API announced {page.total} records and brought {found}; "
                    "the pages before stay in landing, the watermark stays where it was; run the job again"
                )
            yield page
            if page.is_last:
                return


def _read_page(
    client: httpx.Client, source: str, delivery: RestDelivery, records_key: str, since: str | None, number: int
) -> Page:
    parameters: dict[str, str | int] = {"page": number, "page_size": delivery.page_size}
    if since is not None:
        parameters[delivery.watermark_parameter] = since
    answer = _get(client, source, delivery.path, parameters)
    try:
        body = json.loads(answer.content, parse_float=str)
        records, total, pages = body[records_key], int(body["total"]), int(body["pages"])
    except (ValueError, KeyError, TypeError) as cause:
        raise ApiError(
            f"{source}, {answer.url}: expected a JSON object with {records_key}, total and pages, got "
            f"{answer.headers.get('content-type', 'no content type')}, {answer.text[:80]!r}; the page was not landed"
        ) from cause
    kept = {name: answer.headers[name] for name in ("content-type", "date", "etag") if name in answer.headers}
    return Page(answer.content, str(answer.url), number, answer.status_code, kept, records, total, number >= pages)


def _get(client: httpx.Client, source: str, path: str, parameters: dict[str, str | int]) -> httpx.Response:
    retrying = Retrying(
        retry=retry_if_exception(_is_transient),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=_wait,
        reraise=True,
    )
    try:
        return retrying(_get_once, client, path, parameters)
    except httpx.ConnectError as cause:
        raise ApiError(
            f"{source}: nothing answers at {client.base_url}; nothing was landed from it in this run; "
            "start the sample shop with `.venv/bin/lakehouse simulate shop-api`, or set the variable shop_api_url"
        ) from cause
    except httpx.HTTPStatusError as cause:
        raise ApiError(
            f"{source}, {cause.request.url}: status {cause.response.status_code} after {_ATTEMPTS} attempts at most; "
            "the pages before stay in landing, the watermark stays where it was; run the job again"
        ) from cause
    except httpx.HTTPError as cause:
        raise ApiError(
            f"{source}, {client.base_url}{path}: {type(cause).__name__} after {_ATTEMPTS} attempts; "
            "the pages before stay in landing, the watermark stays where it was; run the job again"
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
