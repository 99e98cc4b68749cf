"""What can be wrong with an answer, and how it is said."""

from __future__ import annotations


class FaultError(Exception):
    """A fault of one answer or of a whole walk.

    `passing`: the same question again may help; `wait`: after so many seconds, says the server. `walk_again`: only
    another walk may. `resumes`: a later run may go on where this one ended.
    """

    def __init__(
        self, name: str, what: str, *, passing: bool = False, wait: float | None = None, walk_again: bool = False
    ) -> None:
        super().__init__(what)
        self.name, self.what, self.wait = name, what, wait
        self.passing, self.walk_again = passing, walk_again

    @property
    def resumes(self) -> bool:
        """Tell whether what landed is still good: the fault lay in the server's state, not in its pages."""
        return self.passing


class OutOfTimeError(FaultError):
    """The reading's own time is up: it may go on later, but not now."""

    @property
    def resumes(self) -> bool:
        """Go on in the next run."""
        return True
