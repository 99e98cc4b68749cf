"""The statement of the books: what was delivered, what became of it, what is open, and whether it closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sales_lakehouse.errors import ParameterError, TableError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.landing.decisions import decisions_of
from sales_lakehouse.ledger.balance_check import check_gold, check_silver, check_units, waiting_slices
from sales_lakehouse.ledger.breaks import ForeignCommit
from sales_lakehouse.ledger.chain import Link, look_at_chain
from sales_lakehouse.ledger.faults import Fault, all_manifests, bounded, gather
from sales_lakehouse.ledger.file_check import check_files, check_landing
from sales_lakehouse.ledger.notes import Books, read_books
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.wording import counted


@dataclass(frozen=True)
class OpenUnit:
    """A delivery that no published table holds, and why."""

    source: str
    name: str
    unit_id: str
    received_at: str
    state: str


@dataclass(frozen=True)
class Statement:
    """What the books say: `faults` is all that does not close, `foreign` the commits among it that are not ours."""

    about: str
    books: Books
    open_units: list[OpenUnit]
    foreign: list[ForeignCommit]
    faults: list[Fault]
    remarks: list[str]

    @property
    def closes(self) -> bool:
        """Tell whether nothing is left over anywhere."""
        return not self.faults and not self.foreign

    def verdict(self) -> str:
        """Say in words whether the books close."""
        count = len(self.faults) + len(self.foreign)
        return f"{self.about} close" if self.closes else f"{self.about} do not close: {counted(count, 'finding')}"


@dataclass(frozen=True)
class Choice:
    """Which books are asked for: those of one run, of one unit (a prefix of its id), or all."""

    run_id: str | None = None
    unit: str | None = None


def draw_up(root: Path, pipelines: Pipelines, choice: Choice, *, deep: bool) -> Statement:
    """Read the books and hold them against what they speak of.

    Always: the chains of versions, and each unit's records. Deep: every file's bytes, every landed byte, silver
    against the books and gold against silver.
    Raises: ParameterError when there is no such run or unit.
    """
    links = look_at_chain(root)
    readable = {link.table for link in links if all(found.is_commit for found in link.breaks)}
    whole, faults = _read(root)
    books, about = (whole, "the books") if faults else _chosen(whole, choice)
    remarks = [*_remarks(links, books)]
    checks: list[Callable[[], Iterable[Fault]]] = [lambda: check_units(books)]
    if deep:
        altered, unsealed = check_files(root, readable)
        remarks += [*_unsealed(unsealed), *_waiting(root, pipelines)]
        checks += [lambda: altered, lambda: check_landing(root), lambda: check_gold(root, pipelines)]
        checks += [lambda: check_silver(root, pipelines, whole)] if not faults else []
    # Two checks that cannot read the same table say the same.
    faults = list(dict.fromkeys([*faults, *(fault for check in checks for fault in gather(check))]))
    foreign = [found for link in links for found in link.breaks]
    return Statement(about, books, _open_units(root, books, choice), foreign, faults, remarks)


def _read(root: Path) -> tuple[Books, list[Fault]]:
    """Read the books; where their own tables cannot be read, that is all there is to say."""
    try:
        return read_books(root), []
    except TableError as cause:
        return Books([], [], frozenset(), frozenset()), [Fault("unreadable", str(cause))]


def _chosen(books: Books, choice: Choice) -> tuple[Books, str]:
    if choice.run_id:
        known = {unit.run_id for unit in books.units} | {balance.run_id for balance in books.balances}
        run_id = _run_named(choice.run_id, known)
        chosen, about = books.of_run(run_id), f"the books of run {run_id}"
    elif choice.unit:
        chosen = books.of_units({unit.key for unit in books.units if unit.unit_id.startswith(choice.unit)})
        known = {unit.unit_id[:12] for unit in books.units}
        about = f"the books of unit {choice.unit}"
    else:
        return books, "the books"
    if not chosen.units:
        raise ParameterError(f"{about}: there are none; the books know {bounded(sorted(known)) or 'nothing yet'}")
    return chosen, about


def _run_named(name: str, known: set[str]) -> str:
    """Return the run that begins so; `last` is the last one that the books know."""
    found = [run_id for run_id in known if run_id.startswith(name)]
    if name == "last" and known:
        return max(known)
    return found[0] if len(found) == 1 else name


def _remarks(links: list[Link], books: Books) -> Iterator[str]:
    adopted = [link.table for link in links if link.adopted is not None]
    if adopted:
        yield (
            f"{bounded(adopted)}: the history from before commits were signed is taken as it stands; "
            "the next run notes it"
        )
    for unit in books.units:
        if unit.reason and unit.state != "quarantined":
            yield f"{unit.source} {unit.name} (unit {unit.unit_id[:8]}): {unit.reason}"
    if books.in_flight:
        yield (
            f"{bounded(sorted(books.in_flight))}: a unit was judged once more, and no gate has promoted that yet; "
            "silver's sums of this source are held against the books after the next run"
        )


def _waiting(root: Path, pipelines: Pipelines) -> Iterator[str]:
    """Tell which dates of gold are not held against silver yet."""
    with suppress(TableError):  # the check of gold itself says what cannot be read
        for gold in pipelines.gold.values():
            if waiting := waiting_slices(root, gold):
                told = f"{counted(len(waiting), 'date', 'wait')} to be built anew ({bounded(sorted(waiting))})"
                yield f"gold.{gold.table}: {told}"


def _unsealed(counts: dict[str, int]) -> list[str]:
    if not counts:
        return []
    told = f"{counted(sum(counts.values()), 'file', 'are')} not sealed yet ({bounded(sorted(counts))})"
    return [f"{told}; the next run that promotes seals them"]


def _open_units(root: Path, books: Books, choice: Choice) -> list[OpenUnit]:
    store, manifests = LandingStore(root / "landing"), all_manifests(root)
    corrected = {(source, unit_id) for source in store.sources() for unit_id in store.corrections(source)}
    reasons = {unit.key: unit.reason for unit in books.units}
    judged = {balance.key: balance.run_id for balance in books.waiting}
    found = []
    for manifest in manifests:
        state, key = store.state(manifest), (manifest.source, manifest.unit_id)
        settled = state in ("applied", "refused") or (state is not None and key in corrected)
        if not settled and (choice == Choice() or key in reasons):
            decided = decisions_of(store, manifest)
            why = decided[-1].because if state == "held" and decided else reasons.get(key)
            waits = f"judged by run {judged[key]} and not promoted; waits" if key in judged else "waits"
            told = f"{state or f'{waits} for a run'}{f': {why}' if why else ''}"
            found.append(OpenUnit(manifest.source, manifest.name, manifest.unit_id, manifest.received_at, told))
    return sorted(found, key=lambda unit: (unit.source, unit.received_at))
