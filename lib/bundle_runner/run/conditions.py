"""Compare as a condition task does: equality by text, order by number."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from bundle_runner.errors import RunError

_ORDER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}


def evaluate(op: str, left: str, right: str) -> bool:
    """Return the outcome.

    Raises: RunError when an order is asked of something that is no number.
    """
    if op in ("EQUAL_TO", "NOT_EQUAL"):
        return (left == right) is (op == "EQUAL_TO")
    return _ORDER[op](_number(left, op), _number(right, op))


def _number(text: str, op: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise RunError(f"{op} compares numbers, got {text[:60]!r}")
    return number
