"""The landing folder: bytes under a hash of source and content, a manifest beside them, nothing ever overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sales_lakehouse.files import append_line, publish, read_lines


@dataclass(frozen=True)
class Manifest:
    """What is known about one delivered unit: a file, or one API page.

    Units: times are ISO UTC; `corrects` is the unit that an earlier delivery of the same name brought; `repairs` are
    the units whose records a repair file corrects, none for what a source delivers; `stated` is what the partner says
    of the file in its name or beside it: records, amount, sha256, bytes. `reading` is the reading of an API that
    brought the page.
    """

    source: str
    name: str
    received_at: str
    business_date: str | None = None
    request: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    reading: str | None = None
    modified_ns: int | None = None
    repairs: list[str] = field(default_factory=list)
    stated: dict[str, str] = field(default_factory=dict)
    unit_id: str = ""
    size_bytes: int = 0
    corrects: str | None = None

    def in_words(self) -> str:
        """Return how people find the unit, where its source is known: id, name, arrival."""
        return f"unit {self.unit_id[:12]} ({self.name}, received {self.received_at[:19]})"


def unit_id_of(source: str, content: bytes) -> str:
    """Return the id under which a source's bytes are kept.

    The same bytes from two sources are two deliveries: each is recorded, judged and accounted for by itself.
    """
    return hashlib.sha256(source.encode() + b"\n" + content).hexdigest()


def ids_of(manifest: Manifest, content: bytes) -> tuple[str, str]:
    """Return the id of a delivery's bytes, and the one they have where they have stated another date before."""
    source = manifest.source
    return unit_id_of(source, content), unit_id_of(f"{source}\n{manifest.business_date}", content)


_FACTS = frozenset(fact.name for fact in fields(Manifest))


@dataclass(frozen=True)
class LandingStore:
    """The units of all sources under `<root>/<source>/`."""

    root: Path

    def put(self, content: bytes, manifest: Manifest, newest: Mapping[str, str] | None = None) -> Manifest | None:
        """Keep the bytes of a delivery; the same bytes again are only noted.

        `newest` is the last unit of each name, where the caller knows them all: else they are looked up.

        Returns the manifest as kept, or None when the bytes were there before and still stand under their name.
        When another delivery of the name came in between, the old bytes come back as a correction: the unit is
        received anew and is work again. So it is when the partner now states other totals of the same bytes. Bytes
        that stated one business date and now state another are another unit: two files of nothing but a header empty
        two days.
        Content first, manifest last: a unit exists when its manifest does, so a process killed between leaves nothing
        half-landed.
        """
        unit_id = self.id_for(content, manifest)
        folder = self.root / manifest.source
        last = self.last_named(manifest) if newest is None else newest.get(manifest.name)
        kept = replace(manifest, unit_id=unit_id, size_bytes=len(content), corrects=last)
        _create(folder / unit_id, content)  # also of a unit whose bytes were let go
        if (folder / f"{unit_id}.json").exists():
            return self._receive_again(folder, kept)
        _create(folder / f"{unit_id}.json", json.dumps(asdict(kept), indent=1).encode())
        return kept

    def id_for(self, content: bytes, manifest: Manifest) -> str:
        """Return the id under which a delivery is kept, or would be."""
        plain, of_its_date = ids_of(manifest, content)
        before = self.find(manifest.source, plain)
        dates = {before.business_date, manifest.business_date} if before else set()
        return of_its_date if len(dates - {None}) > 1 else plain

    def find(self, source: str, unit_id: str) -> Manifest | None:
        """Return the unit of this id; None where none has landed."""
        path = self.root / source / f"{unit_id}.json"
        return self._read_manifest(path) if path.exists() else None

    def last_named(self, manifest: Manifest) -> str | None:
        """Return the unit that the last delivery of a name brought; None where none was."""
        same = [known for known in self.manifests(manifest.source) if known.name == manifest.name]
        return same[-1].unit_id if same else None

    def manifests(self, source: str) -> list[Manifest]:
        """Return the units of a source in the order of their arrival."""
        found = map(self._read_manifest, self._manifest_paths(source))
        return sorted(found, key=lambda manifest: (manifest.received_at, manifest.unit_id))

    def newest_arrival(self, source: str) -> str:
        """Return when the newest unit of a source was received; empty where none was."""
        return max((manifest.received_at for manifest in self.manifests(source)), key=_instant, default="")

    def known_files(self, source: str) -> set[tuple[str, int | None]]:
        """Return name and modification time of every file seen before, redelivered ones included."""
        known = {(manifest.name, manifest.modified_ns) for manifest in self.manifests(source)}
        for path in (self.root / source).glob("*.redelivered"):
            known |= {(note["name"], note["modified_ns"]) for note in read_lines(path)}
        return known

    def content_path(self, manifest: Manifest) -> Path:
        """Return where the bytes of a unit are."""
        return self.root / manifest.source / manifest.unit_id

    def open_units(self, source: str, business_date: date | None = None) -> list[Manifest]:
        """Return the units that are neither applied nor set aside.

        A unit without a date of its own (an API page) belongs to every date.
        """
        wanted = {None, str(business_date)} if business_date else None
        return [
            manifest
            for manifest in self.manifests(source)
            if self.state(manifest) is None and (wanted is None or manifest.business_date in wanted)
        ]

    def reopened(self, source: str, units: list[Manifest], asked: Collection[str] = ()) -> list[Manifest]:
        """Return the units beside `units` that must be judged once more: the applied ones among `asked`, and partners.

        A repair is judged with the unit whose records it corrects, a unit with all its repairs: a repair can be
        repaired.
        """
        known = self.manifests(source) if units or asked else []
        ours = {unit.unit_id for unit in units}
        again = {each.unit_id for each in known if each.unit_id in asked and self.state(each) == "applied"} | ours
        again |= {unit_id for each in known if each.unit_id in again for unit_id in each.repairs}
        together = (each for each in known if each.unit_id in again or again & {*each.repairs})
        return [each for each in together if each.unit_id not in ours]

    def corrections(self, source: str) -> dict[str, Manifest]:
        """Return, by the id of the unit that it corrects, the newest later delivery of the same name.

        One that was refused corrects nothing. Of old bytes that came back (A, B, A) the last arrival counts.
        """
        newest: dict[str, Manifest] = {}
        found: dict[str, Manifest] = {}
        for unit in reversed(self.manifests(source)):
            if unit.name in newest:
                found[unit.unit_id] = newest[unit.name]
            elif self.state(unit) != "refused":
                newest[unit.name] = unit
        return found

    def unsettled_units(self, source: str) -> list[Manifest]:
        """Return the quarantined units that no later delivery of the same name has corrected."""
        corrections = self.corrections(source)
        return [
            each
            for each in self.manifests(source)
            if self.state(each) == "quarantined" and each.unit_id not in corrections
        ]

    def state(self, manifest: Manifest) -> str | None:
        """Return `applied`, `quarantined`, `held` or `refused`, or None while the unit is work.

        The table ops.units is the truth; this note spares a Spark session when nothing is to do.
        """
        path = self.content_path(manifest).with_suffix(".state")
        return path.read_text().strip() if path.exists() else None

    def mark(self, source: str, unit_ids: list[str], state: str) -> None:
        """Note the state of units, after the tables hold it."""
        for unit_id in unit_ids:
            publish(self.root / source / f"{unit_id}.state", state.encode())

    def set_state(self, manifest: Manifest, state: str | None) -> None:
        """Note the state that somebody decided; None makes the unit work again."""
        if state:
            self.mark(manifest.source, [manifest.unit_id], state)
        else:
            self.content_path(manifest).with_suffix(".state").unlink(missing_ok=True)

    def sources(self) -> list[str]:
        """Return the names of the sources that anything landed from."""
        return sorted(path.name for path in self.root.iterdir() if path.is_dir()) if self.root.is_dir() else []

    def note(self, source: str, log: str, facts: dict[str, object]) -> None:
        """Add a line to a log beside the units: `answers` that brought no record, `readings` that were complete."""
        append_line(self.root / source / f"{log}.jsonl", facts)

    def notes(self, source: str, log: str) -> list[dict[str, Any]]:
        """Return the lines of a log, in their order."""
        return read_lines(self.root / source / f"{log}.jsonl")

    def _manifest_paths(self, source: str) -> Iterator[Path]:
        return (path for path in (self.root / source).glob("*.json") if not path.name.startswith("."))

    def _read_manifest(self, path: Path) -> Manifest:
        # What another version of this project noted beside is none of our facts.
        manifest = Manifest(**{name: value for name, value in json.loads(path.read_text()).items() if name in _FACTS})
        notes = read_lines(path.with_suffix(".redelivered"))
        for note in (note for note in notes if note.get("received_anew")):
            told = {name: note[name] for name in ("received_at", "corrects", "stated")}
            manifest = replace(manifest, **told)
        return manifest

    def _receive_again(self, folder: Path, again: Manifest) -> Manifest | None:
        before = self._read_manifest(folder / f"{again.unit_id}.json")
        received_anew = is_received_anew(before, again)
        note = {
            "name": again.name,
            "received_at": again.received_at,
            "modified_ns": again.modified_ns,
            "corrects": again.corrects if came_back(again) else before.corrects,
            "stated": again.stated,
            "received_anew": received_anew,
        }
        append_line(folder / f"{again.unit_id}.redelivered", note)
        if received_anew:
            (folder / f"{again.unit_id}.state").unlink(missing_ok=True)
        return again if received_anew else None


def came_back(again: Manifest) -> bool:
    """Tell whether bytes that landed before come again after another delivery of their name."""
    return again.corrects not in (None, again.unit_id)


def is_received_anew(before: Manifest, again: Manifest) -> bool:
    """Tell whether bytes that landed before are work again: they came back, or the partner states other totals."""
    return came_back(again) or (again.name == before.name and again.stated != before.stated)


def _instant(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _create(path: Path, content: bytes) -> None:
    if not path.exists():
        publish(path, content)
