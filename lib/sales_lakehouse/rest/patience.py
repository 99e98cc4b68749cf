"""Ask again where that may help, and wait as long as the server asks, within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from sales_lakehouse.rest.faults import FaultError, OutOfTimeError
from sales_lakehouse.specs.rest import Limits

T = TypeVar("T")
_BACKOFF = wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.2)


class Patience:
    """The time of one reading: retries, waits and rate, all within its bounds."""

    def __init__(self, limits: Limits, tell_waiting: Callable[[float], None]) -> None:
        self._limits, self._tell = limits, tell_waiting
        self._ends = time.monotonic() + limits.reading_seconds
        self._not_before = 0.0

    def attempt(self, work: Callable[[], T]) -> T:
        """Do the work, again where its fault may pass.

        Raises: FaultError: the last one, or that the time is up.
        """
        retrying = Retrying(
            retry=retry_if_exception(self._may_pass),
            stop=stop_after_attempt(self._limits.attempts),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            done: T = retrying(self._in_turn, work)
            return done
        except FaultError as fault:
            if fault.wait is not None and fault.wait > self._limits.wait_seconds:
                what = (
                    f"asks to wait {fault.wait:,.0f} s, longer than limits.wait_seconds, {self._limits.wait_seconds:g}"
                )
                raise FaultError("throttled", what, passing=True) from fault
            raise

    def hold_back(self, seconds: float | None) -> None:
        """Wait before the next question, as an answer asked (header Backoff)."""
        if seconds:
            self._not_before = time.monotonic() + min(seconds, self._limits.wait_seconds)

    def _in_turn(self, work: Callable[[], T]) -> T:
        self._sleep(self._not_before - time.monotonic())
        if rate := self._limits.requests_per_second:
            self._not_before = time.monotonic() + 1 / rate
        if time.monotonic() > self._ends:
            raise OutOfTimeError("reading timeout", f"not complete after {self._limits.reading_seconds:g} s")
        return work()

    def _may_pass(self, error: BaseException) -> bool:
        if not isinstance(error, FaultError) or not error.passing:
            return False
        return error.wait is None or error.wait <= self._limits.wait_seconds

    def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self._tell(seconds)
        time.sleep(seconds)
        self._tell(0)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, FaultError) else None
    return _BACKOFF(state) if asked is None else asked
