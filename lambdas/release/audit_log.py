"""What the release path needs of the record that nobody can change; lambdas/release/chain.py is it."""

from datetime import datetime
from typing import Protocol

from lambdas.release.records import LONG_AGO, AuditEntry


class AuditLog(Protocol):
    """Entries that are written once, and read again."""

    def write(self, entry: AuditEntry) -> None:
        """Write an entry once and link it; a second write of the same transition changes nothing."""
        ...

    def recorded(self, model: str, prefix: str, subject: str) -> list[tuple[str, datetime]]:
        """Return what was recorded below a prefix (kinds.py) of a subject (a release, a job), the oldest first."""
        ...

    def told(self, model: str, kind: str, subject: str = "", since: datetime = LONG_AGO) -> list[AuditEntry]:
        """Return the entries of one kind, of one subject where it is given; those that can't be read are none."""
        ...

    def history(self, model: str) -> list[AuditEntry]:
        """Return the entries of a model's releases that `record.fold` reads, in any order: those since an adoption.

        Raises:
            RecordError: one of them can't be read.
        """
        ...

    def deployed(self, model: str) -> str | None:
        """Return the hash of the template in the newest `deployed` entry, which must be readable; None for none."""
        ...

    def reason(self, model: str, release: str) -> str | None:
        """Return why an approver rejected a release; None when nobody did."""
        ...

    def rewritten(self) -> list[str]:
        """Name what was written again, deleted, or laid where its kind doesn't lie: none of that is ever an input."""
        ...

    def checkpoint(self, model: str) -> str | None:
        """Put what was linked since the last checkpoint into a new one, where that is much; return what was done.

        Raises:
            RecordError: a link or an entry isn't what it was when it was written.
        """
        ...

    def heads(self) -> dict[str, str]:
        """Return per model the newest link, as number and hash."""
        ...

    def mend(self) -> list[str]:
        """Link the entries that a crash left without a link; return their keys."""
        ...
