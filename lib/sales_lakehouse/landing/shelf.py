"""The shelf of one reading: answers land here before they are understood, and a killed reading finds them again."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sales_lakehouse.files import publish
from sales_lakehouse.landing.store import LandingStore, Manifest
from sales_lakehouse.rest import Answer, Ask


@dataclass(frozen=True)
class ReadingShelf:
    """The folder `landing/<source>/.reading/` of a reading that has begun and not ended."""

    store: LandingStore
    source: str
    reading: str
    began: datetime

    @classmethod
    def open(cls, store: LandingStore, source: str, resume_seconds: float) -> ReadingShelf:
        """Go on with the reading that was killed, or begin another; one that is too old is begun anew."""
        folder = _folder(store, source)
        begun, now = folder / "began.json", datetime.now(UTC)
        if begun.exists():
            facts = json.loads(begun.read_text())
            began = datetime.fromisoformat(facts["began"])
            if now - timedelta(seconds=resume_seconds) <= began <= now:
                return cls(store, source, facts["reading"], began)
            shutil.rmtree(folder)
        reading = f"{now:%Y%m%dT%H%M%S.%fZ}"
        folder.mkdir(parents=True, exist_ok=True)
        publish(begun, json.dumps({"reading": reading, "began": now.isoformat()}).encode())
        return cls(store, source, reading, now)

    def find(self, walk: int, ask: Ask) -> Answer | None:
        """Return what landed for a question of this reading."""
        path = self._path(walk, ask)
        if not path.exists():
            return None
        facts, content = path.read_bytes().split(b"\n", 1)
        return Answer(content=content, **json.loads(facts))

    def keep(self, walk: int, ask: Ask, answer: Answer) -> None:
        """Land an answer: a line about the request that brought it, then its bytes."""
        facts = {name: value for name, value in vars(answer).items() if name != "content"}
        publish(self._path(walk, ask), json.dumps(facts).encode() + b"\n" + answer.content)

    def refuse(self, walk: int, ask: Ask) -> None:
        """Set an answer aside that proved to be no page: landing/<source>/.refused is the last of them."""
        self._path(walk, ask).replace(self.store.root / self.source / ".refused")

    def known(self, ask: Ask) -> Answer | None:
        """Return the newest landed page that had an ETag and was brought by this very question."""
        if ask.body is not None or ask.url not in self._tagged:
            return None
        manifest = self._tagged[ask.url]
        content = self.store.content_path(manifest).read_bytes()
        return Answer(content, ask.url, manifest.status or 200, manifest.headers, manifest.received_at)

    def drop(self, walk: int, ask: Ask) -> None:
        """Ask this question anew."""
        self._path(walk, ask).unlink(missing_ok=True)

    def forget(self) -> None:
        """End the reading: what it landed as pages stays, what the shelf holds goes."""
        shutil.rmtree(_folder(self.store, self.source), ignore_errors=True)

    @cached_property
    def _tagged(self) -> dict[str, Manifest]:
        units = self.store.manifests(self.source)
        return {unit.request["url"]: unit for unit in units if "etag" in unit.headers and "url" in unit.request}

    def _path(self, walk: int, ask: Ask) -> Path:
        return _folder(self.store, self.source) / f"{walk}-{ask.key}"


def _folder(store: LandingStore, source: str) -> Path:
    return store.root / source / ".reading"
