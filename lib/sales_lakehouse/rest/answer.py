"""What is asked and what came back, before anybody understands it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Ask:
    """One question: a URL on the API's origin without credentials, and the body of a POST."""

    url: str
    body: str | None = None

    @property
    def key(self) -> str:
        """Return the question's name: another question has another."""
        return hashlib.sha256(f"{self.url}\n{self.body or ''}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Answer:
    """One answer: its bytes as they came, unpacked from the transfer; URL and headers without credentials."""

    content: bytes
    url: str
    status: int
    headers: dict[str, str]
    received_at: str


class Shelf(Protocol):
    """Where the bytes of a reading land before they are parsed, and are found again when it resumes."""

    @property
    def began(self) -> datetime:
        """Return when the reading began, also where it resumes."""

    def find(self, walk: int, ask: Ask) -> Answer | None:
        """Return what landed for a question of this reading."""

    def keep(self, walk: int, ask: Ask, answer: Answer) -> None:
        """Land the bytes of an answer with the request that brought it."""

    def refuse(self, walk: int, ask: Ask) -> None:
        """Set an answer aside that proved to be no page: it is asked for again."""

    def known(self, ask: Ask) -> Answer | None:
        """Return the answer with an ETag that an earlier reading got for a question."""

    def forget(self) -> None:
        """Give the reading up: the next one asks for every page."""
