"""Where the lease of a lakehouse is kept."""

from __future__ import annotations

from pathlib import Path

from sales_lakehouse.lease.bucket import BucketStore
from sales_lakehouse.lease.folder import FolderStore
from sales_lakehouse.lease.store import LeaseStore


def store_at(root: str) -> LeaseStore:
    """Return the store of a lakehouse: a folder of this machine, or a bucket.

    Raises: StoreError when nothing here can speak to a bucket.
    """
    if "://" not in root:
        return FolderStore(Path(root))
    return BucketStore.at(root)
