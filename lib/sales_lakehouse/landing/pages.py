"""Land what a REST API has: every page a unit, the watermark moved by complete readings alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing.absent import put_absent
from sales_lakehouse.landing.intake import Intake
from sales_lakehouse.landing.known import KnownRecords
from sales_lakehouse.landing.landed import Landed
from sales_lakehouse.landing.shelf import ReadingShelf
from sales_lakehouse.landing.store import LandingStore
from sales_lakehouse.rest import Complete, Question, Reading, Tell, read_ahead
from sales_lakehouse.run import Run
from sales_lakehouse.specs.auth import OAuth2Auth
from sales_lakehouse.specs.formats import JsonFormat
from sales_lakehouse.specs.rest import RestDelivery
from sales_lakehouse.specs.source import SourceSpec


def land_pages(run: Run, source: SourceSpec, delivery: RestDelivery, tell: Tell | None) -> Landed:
    """Read the listing completely and keep its pages, byte for byte.

    Raises: ApiError when the reading cannot be completed; the pages before stay, the watermark does not move.
    """
    store = LandingStore(run.landing_root)
    since = watermark(store, source.source) if delivery.changes else None
    question = make_question(run, source, delivery, since)
    shelf = ReadingShelf.open(store, source.source, delivery.limits.resume_seconds)
    reading = Reading(question, shelf, tell)
    # Where the arrival orders statements, one that comes again is news; so is what a slice no longer says.
    is_ordered = source.silver.sequence != "received_at" and source.silver.scope.kind != "slice"
    known = KnownRecords(store, question) if is_ordered else None
    name = f"{delivery.path.strip('/')} since {since or 'ever'}"
    landed = Intake(store, source.source, shelf.reading, name, known)
    for page in read_ahead(reading.pages()):
        landed.take(page)
    if reading.complete:
        landed.new += put_absent(store, source, reading.complete.ids, shelf)
        store.note(source.source, "readings", _facts(shelf, since, reading.complete))
        shelf.forget()
    return Landed(landed.new, landed.seen, reading.complete.remark if reading.complete else "")


def _facts(shelf: ReadingShelf, since: datetime | None, complete: Complete) -> dict[str, object]:
    newest = complete.newest or since
    return {
        "reading": shelf.reading,
        "began": shelf.began.isoformat(),
        "since": since and since.isoformat(),
        "newest": newest and newest.isoformat(),
        "pages": complete.pages,
        "records": len(complete.ids),
        "walks": complete.walks,
        "remark": complete.remark,
    }


def watermark(store: LandingStore, source: str) -> datetime | None:
    """Return the newest change that a complete reading brought whose pages are all settled; None before the first.

    While a page is still work, the next reading asks from the watermark before it: the same records change nothing.
    """
    # A later reading may have brought nothing new because the pages of an earlier one are still waiting.
    waiting = min((unit.reading for unit in store.open_units(source) if unit.reading), default="~")
    settled = [note["newest"] for note in store.notes(source, "readings") if note["reading"] < waiting]
    return max((datetime.fromisoformat(newest) for newest in settled if newest), default=None)


def make_question(run: Run, source: SourceSpec, delivery: RestDelivery, since: datetime | None = None) -> Question:
    """Return what is asked of the source's API.

    Raises: ParameterError when its connection is not known.
    """
    records = (isinstance(source.format, JsonFormat) and source.format.records) or ""
    base_url = base_url_of(run, source.source, delivery.connection)
    auth = delivery.auth
    token = auth.connection if isinstance(auth, OAuth2Auth) else None
    token_base_url = base_url_of(run, source.source, token) if token else None
    asked = since - timedelta(seconds=delivery.changes.overlap_seconds) if delivery.changes and since else None
    return Question(source.source, delivery, base_url, records, asked, token_base_url)


def connections_of(source: SourceSpec) -> list[str]:
    """Return the connections that a source's API is asked over: its own, and where its tokens come from."""
    delivery = source.delivery
    if not isinstance(delivery, RestDelivery):
        return []
    tokens = delivery.auth.connection if isinstance(delivery.auth, OAuth2Auth) else None
    return [delivery.connection, *([tokens] if tokens else [])]


def base_url_of(run: Run, source: str, connection: str) -> str:
    """Return the address of a connection.

    Raises: ParameterError naming those that the job knows.
    """
    base_url = run.connections.get(connection)
    if base_url is None:
        names = ", ".join(run.connections) or "none"
        raise ParameterError(
            f"{source}: connection {connection!r} is not among connections ({names}); add it with "
            "its base URL to the job's parameter `connections`, where the job file gives its default"
        )
    return base_url
