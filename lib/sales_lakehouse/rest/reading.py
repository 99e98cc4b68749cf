"""Read a listing completely, or say by name why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sales_lakehouse.errors import ApiError
from sales_lakehouse.rest.answer import Answer, Ask, Shelf
from sales_lakehouse.rest.door import Door
from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.page import Page, read_page, values_of
from sales_lakehouse.rest.patience import Patience
from sales_lakehouse.rest.progress import Progress, Tell
from sales_lakehouse.rest.question import Question, newest_of
from sales_lakehouse.rest.secrets import Vault
from sales_lakehouse.rest.verdict import Met, judge, rests_on_silence
from sales_lakehouse.rest.waits import asked_wait, read_date
from sales_lakehouse.rest.walk import Walk
from sales_lakehouse.wording import counted

_LONGEST = 400
_SAMPLE = "shop_api"
"""The connection of the sample shop: for it we know who starts it."""
_STAYS = "the watermark stays where it was"


@dataclass(frozen=True)
class Complete:
    """What a complete reading brought. Nulls: `newest` where no increment can be asked for later.

    `remark` says that nothing proved it complete, where nothing did.
    """

    walks: int
    pages: int
    ids: frozenset[str]
    newest: datetime | None
    remark: str


class Reading:
    """One reading of a listing. `complete` tells what it brought, once all of it has come."""

    def __init__(self, question: Question, shelf: Shelf, tell: Tell | None = None) -> None:
        self.complete: Complete | None = None
        self._question, self._shelf = question, shelf
        self._tell: Tell = tell or (lambda _: None)
        self._vault = Vault(question.source)
        self._progress = Progress(question.source)
        self._patience = Patience(question.delivery.limits, self._wait)
        self._met = Met()
        self._newest: datetime | None = None
        self._server_began: datetime | None = None
        self._at = question.base_url

    def pages(self) -> Iterator[Page]:
        """Yield every page that came, also those of a walk that had to be walked again.

        Raises: ApiError that names the fault; a complete listing, or this. ParameterError when a secret is not there.
        """
        try:
            with Door(self._question, self._vault) as door:
                yield from self._walks(door)
        except FaultError as fault:
            if not fault.resumes:
                self._shelf.forget()
            raise self._told(fault) from fault

    def _walks(self, door: Door) -> Iterator[Page]:
        before, fault = None, None
        limit = self._question.delivery.limits.walks
        for number in range(1, limit + 1):
            self._progress = Progress(self._question.source, number)
            walk = Walk(self._question, door.origin, partial(self._fetch, door, number))
            try:
                for page in walk:
                    self._note(page, walk)
                    yield page
                fault = judge(self._question, self._met, walk, before)
            except FaultError as met:
                if not met.walk_again or number == limit:
                    raise
                fault = met
            if fault is None:
                ids, remark = frozenset(self._met.ids), rests_on_silence(self._question, walk)
                self.complete = Complete(number, walk.pages, ids, self._watermark(), remark)
                return
            before = walk
        if fault:
            raise fault

    def _fetch(self, door: Door, walk: int, ask: Ask, number: int) -> Page:
        """Return a page: landed by this reading before it was killed, or asked for until it can be understood."""
        self._at = ask.url
        found = self._shelf.find(walk, ask)
        return (
            read_page(found, number, self._question)
            if found
            else self._patience.attempt(partial(self._fetch_once, door, walk, ask, number))
        )

    def _fetch_once(self, door: Door, walk: int, ask: Ask, number: int) -> Page:
        known = self._shelf.known(ask)
        answer = door.send(ask, known.headers["etag"] if known else None)
        if known and answer.status == 304:
            answer = replace(known, status=304)
        self._shelf.keep(walk, ask, answer)
        try:
            page = read_page(answer, number, self._question)
        except FaultError:
            self._shelf.refuse(walk, ask)
            raise
        self._patience.hold_back(_backoff(answer))
        return page

    def _note(self, page: Page, walk: Walk) -> None:
        self._met.add(page)
        self._server_began = self._server_began or read_date(page.answer.headers.get("date", ""))
        if changes := self._question.delivery.changes:
            newest = newest_of(values_of(page.records, changes.at), changes)
            if page.records and newest is None:
                raise FaultError("no time", f"no record of page {page.number} tells at {changes.at} when it changed")
            self._newest = max([time for time in (newest, self._newest) if time], default=None)
        self._progress = replace(self._progress, pages=walk.pages, records=len(walk.ids), total=page.total)
        self._tell(self._progress)

    def _watermark(self) -> datetime | None:
        """Return until when all changes were read.

        What changed while we read may have been read as it was before: then the time counts at which we began, by the
        server's clock or by ours, whichever is behind, and whole seconds before it.
        """
        if self._newest is None:
            return None
        began = min(time for time in (self._shelf.began, self._server_began) if time)
        return min(self._newest, began.replace(microsecond=0) - timedelta(seconds=1))

    def _wait(self, seconds: float) -> None:
        self._tell(replace(self._progress, waiting=seconds))

    def _told(self, fault: FaultError) -> ApiError:
        where, what = self._vault.redact(self._at)[:_LONGEST], self._vault.redact(fault.what)[:_LONGEST]
        then = f"run the job again{'' if fault.resumes else ' when it is mended'}"
        if fault.name == "not up" and self._question.delivery.connection == _SAMPLE:
            then = (
                "`lakehouse simulate world --date DAY -- lakehouse run sales_daily` starts the sample shop for the "
                "length of a run, DAY being the last day that was delivered; for a shop of your own set the variable "
                "shop_api_url"
            )
        return ApiError(f"{self._question.source}, {where}: {fault.name}: {what}; {self._kept()}, {_STAYS}; {then}")

    def _kept(self) -> str:
        """Say what became of the data."""
        pages = self._progress.pages
        if not pages:
            return "no page of this walk has landed"
        return f"{counted(pages, 'page', 'have')} landed and will not be asked for again"


def _backoff(answer: Answer) -> float | None:
    return asked_wait(answer.headers, "backoff")
