"""The chain of versions: every commit of a published table is ours, or somebody has answered for it.

`ops/chain.json` holds per table the last version found good and the hash of its entry, so that a look costs what is
new, not the history. `ops/accepted.jsonl` says which foreign commits were accepted, by whom, when and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sales_lakehouse.errors import BooksError, ParameterError
from sales_lakehouse.files import append_line, read_json, read_lines, write_json
from sales_lakehouse.judged import forget_table
from sales_lakehouse.ledger.breaks import SHOWN, Answer, ForeignCommit
from sales_lakehouse.ledger.log import Log, find_tables, folder_of
from sales_lakehouse.ledger.state import same_state
from sales_lakehouse.wording import did_you_mean


@dataclass(frozen=True)
class Known:
    """The last version of a table that was found good, and the hash of its log entry."""

    version: int
    entry: str


@dataclass(frozen=True)
class Link:
    """What a look at one table's chain found; `adopted` is the last version from before our signatures."""

    table: str
    good: Known | None
    breaks: tuple[ForeignCommit, ...] = ()
    adopted: int | None = None


def look_at_chain(root: Path) -> list[Link]:
    """Look at the commits of every published table since the last look; nothing is written.

    A table that was never looked at is taken as it stands up to its first signed commit, and whole without one.
    """
    known = _known(root)
    accepted = {(note["table"], note["entry"]) for note in read_lines(root / "ops/accepted.jsonl")}
    tables = sorted({*find_tables(root), *known})
    return [_look(table, Log(folder_of(root, table)), known.get(table), accepted) for table in tables]


def foreign_commits(lakehouse_root: str | Path) -> list[ForeignCommit]:
    """Return what breaks the chains of a lakehouse's tables, and note the versions that were found good."""
    root = Path(lakehouse_root)
    links = look_at_chain(root)
    _note(root, links)
    return [found for link in links for found in link.breaks]


def accept_commit(root: Path, table: str, version: int, answer: Answer) -> ForeignCommit:
    """Answer for a break: from now on it belongs to the chain. Of a silver table, the next gate judges every row.

    Raises: ParameterError when there is no such table or break; BooksError when the log has a gap, across which no
    table can be read.
    """
    links = look_at_chain(root)
    if table not in (tables := [link.table for link in links]):
        raise ParameterError(f"{table}:{version}: there is no table {table}{did_you_mean(table, tables)}")
    found = [found for link in links for found in link.breaks]
    chosen = next((one for one in found if (one.table, one.version) == (table, version)), None)
    if chosen is None:
        listed = "; ".join(one.in_words() for one in found[:SHOWN]) or "every commit is ours"
        raise ParameterError(f"{table}:{version} breaks no chain, so nothing was accepted; {listed}")
    log = Log(folder_of(root, table))
    if 0 <= version < log.latest and version not in log.versions:
        raise BooksError(f"{chosen.in_words()}, so nobody can read the table; bring its folder back from a copy")
    entry = log.digest(version) if version in log.versions else ""
    forget_table(root, table)
    append_line(root / "ops/accepted.jsonl", {**asdict(chosen), **asdict(answer), "entry": entry})
    if not chosen.is_commit:
        _begin_anew(root, table, log)
    return chosen


def _look(table: str, log: Log, known: Known | None, accepted: set[tuple[str, str]]) -> Link:
    lost = next(_lost(table, log, known), None)
    if lost is not None:
        return Link(table, known, (lost,))
    adopted = None if known else _unsigned_start(log)
    start = known.version if known else adopted
    new = [version for version in log.versions if start is None or version > start]
    commits = [log.commit(version) for version in new]
    foreign = [c for c in commits if not c.ours and (table, log.digest(c.version)) not in accepted]
    good = foreign[0].version - 1 if foreign else log.latest
    if not foreign or (good >= 0 and same_state(log.folder, good, log.latest)):
        return Link(table, Known(log.latest, log.digest(log.latest)), adopted=adopted)
    ours_after = any(c.ours for c in commits if c.version > good)
    breaks = tuple(ForeignCommit(table, c.version, c.operation, c.at, c.engine, good, ours_after) for c in foreign)
    return Link(table, Known(good, log.digest(good)) if good in log.versions else known, breaks, adopted)


def _lost(table: str, log: Log, known: Known | None) -> Iterator[ForeignCommit]:
    """Find what of the log is gone or rewritten. Entries below a checkpoint may go: Delta itself cleans them away."""
    good = known.version if known else -1
    if log.latest < 0:
        yield ForeignCommit(table, good, "its folder or its whole log is gone", good=good)
    if known and log.latest < good:
        yield ForeignCommit(table, log.latest, f"its versions {log.latest + 1} to {good} are gone", good=good)
    first_needed = min(log.checkpoint, good) + 1 if known else log.checkpoint + 1
    gone = sorted(set(range(first_needed, log.latest)) - set(log.versions))
    if gone:
        yield ForeignCommit(table, gone[0], "its log entry was removed", good=good)
    if known and good in log.versions and log.digest(good) != known.entry:
        yield ForeignCommit(table, good, "its log entry was rewritten", good=good)


def _unsigned_start(log: Log) -> int | None:
    """Return the last version before the first that we signed; None where that is the first of all."""
    before = []
    for version in log.versions:
        if log.commit(version).ours:
            break
        before.append(version)
    return before[-1] if before else None


def _known(root: Path) -> dict[str, Known]:
    return {table: Known(**found) for table, found in read_json(root / "ops/chain.json").items()}


def _note(root: Path, links: list[Link]) -> None:
    known = _known(root)
    good = {link.table: link.good for link in links if link.good}
    if good != known:
        write_json(root / "ops/chain.json", {table: asdict(found) for table, found in good.items()})


def _begin_anew(root: Path, table: str, log: Log) -> None:
    """Take a table whose log has lost something as it stands; one that is gone is forgotten."""
    known = _known(root)
    known.pop(table, None)
    if log.latest >= 0:
        known[table] = Known(log.latest, log.digest(log.latest))
    write_json(root / "ops/chain.json", {name: asdict(found) for name, found in known.items()})
