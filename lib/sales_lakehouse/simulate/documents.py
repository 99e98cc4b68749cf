"""Write the documents of the shop's API: exact numbers, instants in UTC."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = "str | int | Decimal | list[Json] | dict[str, Json] | None"

_SHOP_ZONE = ZoneInfo("Europe/London")


def json_text(value: Json) -> str:
    """Render JSON with every Decimal as a number of exactly its own digits.

    The json module knows floats only, and a price must not become one.
    """
    match value:
        case Decimal():
            return f"{value:f}"
        case list():
            return f"[{', '.join(json_text(each) for each in value)}]"
        case dict():
            fields = (f"{json_text(key)}: {json_text(each)}" for key, each in value.items())
            return f"{{{', '.join(fields)}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def to_utc(local: datetime) -> datetime:
    """Tell the instant at which the shop's clock showed this time."""
    return local.replace(tzinfo=_SHOP_ZONE).astimezone(UTC)


def utc_text(instant: datetime) -> str:
    """Render an instant of UTC like 2011-01-05T09:11:00Z."""
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
