"""A lease in an object store: an entry is put with `If-None-Match: *`, which fails where the name is taken."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sales_lakehouse.errors import StoreError
from sales_lakehouse.lease.store import FOLDER, entry_name, entry_number

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PLAIN_HTTP = {"client_options": {"allow_http": True}}


@dataclass(frozen=True)
class BucketStore:
    """Entries as objects under `<root>/ops/lease/`. Settings such as AWS_ENDPOINT_URL come from the environment."""

    root: str
    objects: ObjectStore

    @classmethod
    def at(cls, root: str) -> BucketStore:
        """Connect to the store of a URL like s3://bucket/prod.

        Raises: StoreError where obstore is not installed or does not know such a URL.
        """
        try:
            from obstore.store import from_url
        except ImportError as cause:
            raise StoreError(
                f"{root}: a lease in an object store needs the package obstore; nothing was started; "
                "pip install 'sales-lakehouse-bundle[s3]'"
            ) from cause
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        try:
            objects = from_url(f"{root}/{FOLDER}", **(_PLAIN_HTTP if plain else {}))  # type: ignore[call-overload]
        except Exception as cause:
            raise StoreError(f"{root}: {_first_line(cause)}; nothing was started; mend lakehouse_root") from cause
        return cls(root, objects)

    @property
    def place(self) -> str:
        """Return the URL of the entries."""
        return f"{self.root}/{FOLDER}"

    def prove(self) -> None:
        """Create one name twice: a store that takes the second knows no condition."""
        name = f"proof-{uuid.uuid4().hex}"
        first, second = (self._create(name, b"one writer") for _ in range(2))
        self._remove(name)
        if not first or second:
            raise StoreError(
                f"{self.place}: the store took the same name twice although asked not to (If-None-Match: *), so two "
                "writers could both hold the lease; nothing was started or written; keep lakehouse_root in a store "
                "with conditional writes"
            )

    def numbers(self) -> list[int]:
        """Return the numbers of the entries."""
        names = [str(found["path"]) for batch in self.objects.list() for found in batch]
        return sorted(number for name in names if (number := entry_number(name)) is not None)

    def read(self, number: int) -> bytes | None:
        """Return an entry."""
        try:
            return bytes(self.objects.get(entry_name(number)).bytes())
        except FileNotFoundError:
            return None

    def create(self, number: int, content: bytes) -> bool:
        """Put an entry where there is none."""
        return self._create(entry_name(number), content)

    def write(self, number: int, content: bytes) -> None:
        """Put an entry, whatever was there."""
        self.objects.put(entry_name(number), content)

    def remove(self, number: int) -> None:
        """Delete an entry."""
        self._remove(entry_name(number))

    def _create(self, name: str, content: bytes) -> bool:
        from obstore.exceptions import AlreadyExistsError

        try:
            self.objects.put(name, content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def _remove(self, name: str) -> None:
        try:
            self.objects.delete(name)
        except FileNotFoundError:
            return


def _first_line(cause: Exception) -> str:
    return str(cause).strip().partition("\n")[0][:200]
