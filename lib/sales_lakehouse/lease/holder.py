"""What a lease says of the one who holds it."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from sales_lakehouse.lease.process import is_alive, machine, started_at


@dataclass(frozen=True)
class Holder:
    """A run that may write, and the process that keeps the lease for it.

    Units: `since` and `renewed` are UTC. `process` is when the process began, in the kernel's count.
    """

    run_id: str
    host: str
    machine: str
    pid: int
    process: str
    since: datetime
    renewed: datetime
    released: bool = False

    @classmethod
    def here(cls, run_id: str, now: datetime) -> Holder:
        """Return this process as the holder for a run."""
        pid = os.getpid()
        return cls(run_id, socket.gethostname(), machine(), pid, started_at(pid), now, now)

    @classmethod
    def read(cls, content: bytes) -> Holder | None:
        """Read what `written` wrote; None for anything else."""
        try:
            told = json.loads(content)
            times = {name: datetime.fromisoformat(told[name]) for name in ("since", "renewed")}
            return cls(**{**told, **times})
        except (ValueError, TypeError, KeyError):
            return None

    def written(self) -> bytes:
        """Return the holder as its file."""
        facts = {**asdict(self), "since": self.since.isoformat(), "renewed": self.renewed.isoformat()}
        return json.dumps(facts, indent=1).encode()

    def renewed_at(self, now: datetime) -> Holder:
        """Return the holder as one who is alive now."""
        return replace(self, renewed=now)

    @property
    def is_here(self) -> bool:
        """Tell whether the process is one of this machine, so that its pid can be asked for."""
        return self.machine == machine()

    @property
    def is_dead(self) -> bool:
        """Tell whether the process is known to be gone; of another machine's nothing is known."""
        return self.is_here and not is_alive(self.pid, self.process)

    def in_words(self) -> str:
        """Name run, process and times."""
        since, renewed = (f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" for moment in (self.since, self.renewed))
        return f"run {self.run_id} (process {self.pid} on {self.host}, since {since}, renewed {renewed})"
