"""Decide whether a listing was read completely, although it may change while one reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.page import Page
from sales_lakehouse.rest.paging import says_it_is_last
from sales_lakehouse.rest.question import Question
from sales_lakehouse.rest.walk import Walk
from sales_lakehouse.wording import counted

_SECOND = "a second walk must bring no other records"


@dataclass
class Met:
    """What all walks of a reading met: distinct ids, and the announced totals in their order."""

    ids: set[str] = field(default_factory=set)
    totals: list[int] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """Take a page in."""
        self.ids.update(page.ids)
        if page.total is not None:
            self.totals.append(page.total)


def judge(question: Question, met: Met, walk: Walk, before: Walk | None) -> FaultError | None:
    """Say what speaks against taking the listing for complete after this walk; None where nothing does.

    Where a page is asked for by its place, a record that goes lets another slip to a page that was read already. So
    one walk of several pages is no proof there: a second one must bring nothing that is not new.
    """
    if fault := _missing_pages(question, walk):
        return fault
    totals = [total for total in map(question.announced, met.totals) if total is not None]
    is_firm = before is not None or walk.pages == 1 or not walk.counts_by_place or question.keeps_place
    if not totals:
        grew = before is not None and not walk.ids <= before.ids
        return None if is_firm and not grew else _shifts(_SECOND)
    if any(later < earlier for earlier, later in pairwise(totals)):
        return _after_loss(walk, before, totals[-1])
    if len(met.ids) < totals[-1]:
        return _short(len(met.ids), totals[-1], walk)
    if len(met.ids) > totals[-1]:
        return _shifts(f"{totals[-1]:,} records were announced and {len(met.ids):,} came")
    return None if is_firm else _shifts(_SECOND)


def rests_on_silence(question: Question, walk: Walk) -> str:
    """Say that nothing proves a complete listing complete; empty where something does.

    A total proves it, and an answer that says of itself that it is the last. Where neither does, one that is not full
    is taken for the last; that a full one is, nobody can know.
    """
    told, page = question.delivery.total, walk.last
    if page is None or says_it_is_last(question, page):
        return ""
    if walk.totals and told and (told.counts == "pages" or question.announced(walk.totals[-1]) is not None):
        return ""
    count = len(page.records)
    if count == 0 or (count != question.delivery.page_size and not 0 < walk.fullest <= count):
        return ""
    return (
        "nobody announced a total, and nothing says that the last answer is the last: it has "
        f"{counted(count, 'record')}, as many as a page holds, and names no next page; say in the source file where "
        "the API announces a total (delivery.total) or names the next page (delivery.paging)"
    )


def _missing_pages(question: Question, walk: Walk) -> FaultError | None:
    told = question.delivery.total
    if told is None or told.counts != "pages" or not walk.totals or walk.totals[-1] == walk.pages:
        return None
    return FaultError("short reading", f"{walk.pages:,} of {walk.totals[-1]:,} announced pages came")


def _after_loss(walk: Walk, before: Walk | None, total: int) -> FaultError | None:
    """Judge a listing that lost records while it was read: then walks must be quiet, and by place two must agree."""
    is_quiet = {*walk.totals} == {total} and len(walk.ids) == total
    agrees = before is not None and walk.ids == before.ids
    if is_quiet and (agrees or not walk.counts_by_place):
        return None
    if len(walk.ids) < total:
        return _short(len(walk.ids), total, walk)
    return _shifts(f"the announced total shrank to {total:,}")


def _short(came: int, total: int, walk: Walk) -> FaultError:
    """Name a reading that brought too little; one that found no way on may look for it in the wrong place."""
    hint = ", and the first page led no further: does the API page otherwise than delivery.paging says?"
    return FaultError("short reading", f"{came:,} of {total:,} announced records came{hint if walk.pages == 1 else ''}")


def _shifts(what: str) -> FaultError:
    return FaultError("shifting listing", f"records shift while they are read: {what}")
