"""Land what an API has for each record of another source: the refunds of every order that came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from sales_lakehouse.errors import SpecError
from sales_lakehouse.landing.intake import Intake
from sales_lakehouse.landing.landed import Landed
from sales_lakehouse.landing.pages import make_question
from sales_lakehouse.landing.shelf import ReadingShelf
from sales_lakehouse.landing.store import LandingStore, Manifest
from sales_lakehouse.rest import Answer, Ask, Page, Question, Reading, Tell, values_at
from sales_lakehouse.run import Run
from sales_lakehouse.specs.formats import JsonFormat
from sales_lakehouse.specs.rest import Parents, RestDelivery
from sales_lakehouse.specs.source import SourceSpec
from sales_lakehouse.wording import counted


def land_children(
    run: Run, source: SourceSpec, delivery: RestDelivery, parents: Parents, tell: Tell | None = None
) -> Landed:
    """Ask once for each parent that landed since the last complete reading, several at the same time.

    Raises: ApiError when one listing cannot be read completely; what landed stays, and the next run goes on from there.
    """
    store = LandingStore(run.landing_root)
    units = _new_units(store, source.source, parents.source)
    shelf = ReadingShelf.open(store, source.source, delivery.limits.resume_seconds)
    intake = Intake(store, source.source, shelf.reading, delivery.path.strip("/"))
    questions = [_question_for(run, source, delivery, parent) for parent in _ids(run, store, units, parents)]
    remarks = []
    with ThreadPoolExecutor(parents.at_once) as pool:
        try:
            for pages, remark in pool.map(lambda question: _read(question, shelf, tell), questions):
                remarks += [remark] if remark else []
                for page in pages:
                    intake.take(page)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    newest = max((unit.received_at for unit in units), default=None)
    store.note(
        source.source,
        "readings",
        {"reading": shelf.reading, "parents": len(questions), "parents_until": newest, "remark": _sum_up(remarks)},
    )
    shelf.forget()
    return Landed(intake.new, intake.seen, _sum_up(remarks))


def _new_units(store: LandingStore, source: str, parents: str) -> list[Manifest]:
    notes = [note["parents_until"] for note in store.notes(source, "readings") if note.get("parents_until")]
    until = max(notes, default="")
    return [unit for unit in store.manifests(parents) if unit.received_at > until]


def _ids(run: Run, store: LandingStore, units: list[Manifest], parents: Parents) -> list[str]:
    form = run.pipelines.source(parents.source).format
    if not isinstance(form, JsonFormat):
        raise SpecError(
            f"delivery.parents: {parents.source} brings no JSON; nothing was asked; name a source that does"
        )
    found = (values_at(store.content_path(unit).read_bytes(), form.records or "", parents.at) for unit in units)
    return list(dict.fromkeys(each for of_unit in found for each in of_unit))


def _question_for(run: Run, source: SourceSpec, delivery: RestDelivery, parent: str) -> Question:
    path = delivery.path.replace("{parent}", quote(parent, safe=""))
    return make_question(run, source, delivery.model_copy(update={"path": path}))


def _read(question: Question, shelf: ReadingShelf, tell: Tell | None) -> tuple[list[Page], str]:
    reading = Reading(question, _OneOfMany(shelf), tell)
    pages = [*reading.pages()]
    return pages, reading.complete.remark if reading.complete else ""


def _sum_up(remarks: list[str]) -> str:
    return f"of {counted(len(remarks), 'parent')}: {remarks[0]}" if remarks else ""


@dataclass(frozen=True)
class _OneOfMany:
    """The shelf of all parents as one parent's reading sees it: what it gives up is not given up for the others."""

    shelf: ReadingShelf
    asked: list[tuple[int, Ask]] = field(default_factory=list)

    @property
    def began(self) -> datetime:
        return self.shelf.began

    def find(self, walk: int, ask: Ask) -> Answer | None:
        self.asked.append((walk, ask))
        return self.shelf.find(walk, ask)

    def keep(self, walk: int, ask: Ask, answer: Answer) -> None:
        self.shelf.keep(walk, ask, answer)

    def refuse(self, walk: int, ask: Ask) -> None:
        self.shelf.refuse(walk, ask)

    def known(self, ask: Ask) -> Answer | None:
        return self.shelf.known(ask)

    def forget(self) -> None:
        """Keep what the other parents landed."""
        for walk, ask in self.asked:
            self.shelf.drop(walk, ask)
