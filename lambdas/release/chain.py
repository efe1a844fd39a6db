"""The audit record's hash chain: each entry is linked once, and each link holds the hash of the former one.

Entries lie at `audit/<prefix of their kind>/<model>/<subject>/...`, links at `chain/<model>/<8-digit number>.json`
(docs/contracts.md, "Audit chain"). Both are written once; two writers who want the same number are told apart by the
store, and the slower one takes the next. A crash between entry and link leaves an entry without one, which `mend`
links later.

Controls: AU-9, AU-10.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Protocol

from lambdas.release import checkpoints, kinds
from lambdas.release.checkpoints import NO_PREVIOUS, Checkpoint
from lambdas.release.record import WHATS, RecordError
from lambdas.release.records import LONG_AGO, AuditEntry

KEPT = ("audit/", "chain/", "checkpoint/", "notes/", "reasons/")
"""What is written once (stacks/components/record.py refuses everything else)."""
_OF_RELEASES = sorted({kinds.prefix_of(kind) for kind in WHATS})
"""Where the entries lie that a fold reads."""


class AuditStore(Protocol):
    """Objects that are written once, under Object Lock."""

    def put(self, key: str, body: bytes) -> bool:
        """Write an object; False when one is there already, which is left as it is."""
        ...

    def get(self, key: str) -> bytes:
        """Return an object that `keys` listed."""
        ...

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys below a prefix in their order, those behind `after` only."""
        ...

    def rewritten(self, prefix: str) -> list[str]:
        """Name the objects below a prefix that were written again or deleted."""
        ...


class ChainedAudit:
    """`audit_log.AuditLog` over an `AuditStore`.

    `home` is the account and region that entries are of; those of another are no input (a record that was moved).
    `stack` tells the ARN of a model's endpoint stack, which each entry names: one that is deleted and made again has
    another.
    """

    def __init__(
        self,
        store: AuditStore,
        *,
        home: str = "",
        stack: Callable[[str], str] | None = None,
        every: int = checkpoints.EVERY,
    ) -> None:
        self._store = store
        self._home = home
        self._stack = stack
        self._every = every
        self._read: dict[str, dict[str, AuditEntry]] = {}  # by model and key: entries never change

    def write(self, entry: AuditEntry) -> None:
        """Write an entry once and link it; a second write of the same transition changes nothing.

        Where the link begins is read before the entry is written: nobody can have linked it before that.
        """
        last = (self._store.keys(f"chain/{entry.model}/") or [""])[-1]
        if self._stack and "stack" not in entry.details:
            entry = replace(entry, details={**entry.details, "stack": self._stack(entry.model)})
        key, body = entry_key(entry), entry_body(entry, self._home)
        if self._store.put(key, body):
            self._link(entry.model, key, body, last)

    def recorded(self, model: str, prefix: str, subject: str) -> list[tuple[str, datetime]]:
        """Return what was recorded below a prefix of a subject (a release, a job) and when, the oldest first."""
        return [_what(key) for key in self._store.keys(f"audit/{prefix}/{model}/{subject}/") if is_in_place(key)]

    def told(self, model: str, kind: str, subject: str = "", since: datetime = LONG_AGO) -> list[AuditEntry]:
        """Return the entries of one kind, of one subject where it is given; those that can't be read are none."""
        place = f"audit/{kinds.prefix_of(kind)}/{model}/{subject and f'{subject}/'}"
        found = list[AuditEntry]()
        for key in self._store.keys(place):
            if kind_of(key) == kind and _when(key) >= f"{since:%Y%m%dT%H%M%SZ}":
                with suppress(RecordError):
                    found.append(entry_of(key, self._store.get(key)))
        return [entry for entry in found if entry.home in {"", self._home}]

    def history(self, model: str) -> list[AuditEntry]:
        """Return the entries of a model's releases, of this account and region: those of a checkpoint, and later ones.

        What came before the newest adoption is left out, whatever became of it.

        Raises:
            RecordError: one of them can't be read, or is gone.
        """
        listed, read = self._of_releases(model), self._read.setdefault(model, {})
        since, start = self._begun(listed)
        keys = [key for key in listed if _when(key) >= since]
        if read.keys() != set(keys):
            verified = checkpoints.newest(self._store, model, start).entries
            held = {key for key in verified.keys() | read.keys() if _when(key) >= since}
            if gone := sorted(held - set(keys)):
                raise RecordError(f"The entry {gone[0]} is gone. Run `python -m compliance verify-audit`.")
            self._read[model] = read = {
                key: read.get(key) or entry_of(key, verified.get(key) or self._store.get(key)) for key in keys
            }
        return [read[key] for key in keys if read[key].home in {"", self._home}]

    def _begun(self, listed: Sequence[str]) -> tuple[str, Checkpoint]:
        """Return since when entries count, and behind which link: since the newest adoption, or ever.

        Raises:
            RecordError: it can't be read.
        """
        adoptions = sorted((key for key in listed if kind_of(key) == "adopted"), key=_when)
        if not adoptions:
            return "", checkpoints.NOTHING
        links, _, head = str(entry_of(adoptions[-1], self._store.get(adoptions[-1])).details["head"]).partition(":")
        return _when(adoptions[-1]), Checkpoint(int(links), head)

    def _of_releases(self, model: str) -> list[str]:
        """Return the keys of the entries that a fold reads."""
        listed = (key for prefix in _OF_RELEASES for key in self._store.keys(f"audit/{prefix}/{model}/"))
        return [key for key in listed if kind_of(key) in WHATS and is_in_place(key)]

    def checkpoint(self, model: str) -> str | None:
        """Put what was linked since the last checkpoint into a new one, where that is much; return what was done.

        Raises:
            RecordError: a link or an entry isn't what it was when it was written.
        """
        listed = self._of_releases(model)
        since, start = self._begun(listed)
        former = checkpoints.newest(self._store, model, start)
        last = link_key(model, former.links) if former.links else ""
        if len(self._store.keys(f"chain/{model}/", last)) < self._every:
            return None
        made = checkpoints.further(self._store, model, former, [key for key in listed if _when(key) >= since])
        self._store.put(checkpoints.key_of(model, made.links), checkpoints.body_of(made))
        return f"verified {made.links - former.links} links of {model}"

    def deployed(self, model: str) -> str | None:
        """Return the hash of the template in the newest `deployed` entry of this account and region; None for none.

        Raises:
            RecordError: it can't be read.
        """
        listed = self._store.keys(f"audit/deployments/{model}/")
        for key in sorted((key for key in listed if kind_of(key) == "deployed"), key=_what_last, reverse=True):
            entry = entry_of(key, self._store.get(key))
            if entry.home in {"", self._home}:
                return str(entry.details.get("template_sha256", ""))
        return None

    def reason(self, model: str, release: str) -> str | None:
        """Return why an approver rejected a release; None when nobody did."""
        key = f"reasons/{model}/{release}.json"
        return json.loads(self._store.get(key))["reason"] if self._store.keys(key) else None

    def rewritten(self) -> list[str]:
        """Name what was written again, deleted, or laid where its kind doesn't lie: none of that is ever an input."""
        return [told for place in KEPT for told in self._store.rewritten(place)] + list(misplaced(self._store))

    def heads(self) -> dict[str, str]:
        """Return per model the newest link, as number and hash: whoever keeps it elsewhere sees a tail cut off."""
        newest = {model: links[-1] for model, links in by_model(self._store.keys("chain/")).items()}
        return {
            model: f"{int(PurePosixPath(key).stem)}:{sha256_of(self._store.get(key))}" for model, key in newest.items()
        }

    def mend(self) -> list[str]:
        """Link the entries that a crash left without a link; return their keys.

        As many links as entries: then each entry has its own, and nothing is read.
        """
        entries, links = (by_model(self._store.keys(f"{place}/")) for place in ("audit", "chain"))
        loose = []
        for model, keys in entries.items():
            if len(keys) != len(links.get(model, [])):
                known = {json.loads(self._store.get(link))["entry"] for link in links.get(model, [])}
                loose += [(model, key) for key in keys if key not in known]
        for model, key in loose:
            self._link(model, key, self._store.get(key), (links.get(model) or [""])[-1])
        return [key for _, key in loose]

    def _link(self, model: str, key: str, body: bytes, last: str) -> None:
        """Give an entry the next free number behind the link `last`, unless one behind it is the entry's own."""
        previous = self._store.get(last) if last else b""
        while True:
            for behind in self._store.keys(f"chain/{model}/", last):
                last, previous = behind, self._store.get(behind)
                if json.loads(previous)["entry"] == key:
                    return
            last_number = int(PurePosixPath(last).stem) if last else 0
            if self._store.put(link_key(model, last_number + 1), link_body(last_number + 1, key, body, previous)):
                return


def entry_key(entry: AuditEntry) -> str:
    """Return where an entry lies."""
    who = hashlib.sha256(entry.who.encode()).hexdigest()[:8]  # two people may do the same within a second
    name = f"{entry.at:%Y%m%dT%H%M%SZ}-{entry.what}-{who}.json"
    return f"audit/{kinds.prefix_of(entry.what)}/{entry.model}/{entry.subject}/{name}"


@lru_cache(maxsize=4096)
def entry_of(key: str, body: bytes) -> AuditEntry:
    """Return the entry that was written at a key.

    Raises:
        RecordError: it is none of ours.
    """
    try:
        told = json.loads(body)
        read = {"schema": 1} | told | {"at": datetime.fromisoformat(told["at"])}
        entry = AuditEntry(**read)
        place = entry_key(entry)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise RecordError(
            f"The entry {key} can't be read: {error!r}. Run `python -m compliance verify-audit`."
        ) from error
    if place != key:
        raise RecordError(f"The entry {key} says that it is {place}. Run `python -m compliance verify-audit`.")
    return entry


def entry_body(entry: AuditEntry, home: str = "") -> bytes:
    """Return an entry's bytes."""
    body: dict[str, Any] = {"what": entry.what, "who": entry.who, "at": entry.at.isoformat()}
    body |= {"schema": entry.schema, "home": home}
    body |= {"model": entry.model, "subject": entry.subject, "details": dict(entry.details)}
    return json.dumps(body, sort_keys=True, indent=2).encode()


def link_key(model: str, number: int) -> str:
    """Return where a link lies."""
    return f"chain/{model}/{number:08}.json"


def link_body(number: int, entry: str, body: bytes, previous: bytes) -> bytes:
    """Return a link's bytes; `previous` are those of the link before it, none for the first."""
    link: Mapping[str, object] = {
        "number": number,
        "entry": entry,
        "entry_sha256": hashlib.sha256(body).hexdigest(),
        "previous_sha256": hashlib.sha256(previous).hexdigest() if previous else NO_PREVIOUS,
    }
    return json.dumps(link, sort_keys=True, separators=(",", ":")).encode()


def misplaced(store: AuditStore) -> Iterator[str]:
    """Name the entries that lie below another prefix than that of their kind, whose writers are others."""
    for key in store.keys("audit/"):
        if not is_in_place(key):
            yield f"misplaced entry: {key} lies where entries of its kind don't"


@lru_cache(maxsize=4096)
def is_in_place(key: str) -> bool:
    """Say whether an entry lies below the prefix of its kind, as its name tells it."""
    return kind_of(key) in kinds.PREFIXES.get(key.split("/")[1], ())


def sha256_of(body: bytes) -> str:
    """Return the hash of an object, in hex."""
    return hashlib.sha256(body).hexdigest()


def by_model(keys: list[str]) -> dict[str, list[str]]:
    """Return the keys of entries or links by their model."""
    found: dict[str, list[str]] = {}
    for key in keys:
        parts = key.split("/")
        found.setdefault(parts[1 if parts[0] == "chain" else min(2, len(parts) - 1)], []).append(key)
    return found


@lru_cache(maxsize=4096)
def kind_of(key: str) -> str:
    """Return the kind of the entry at a key, as its name tells it."""
    return key.rpartition("-")[0].rpartition("-")[2]


def _when(key: str) -> str:
    """Return when an entry's fact was, as its key tells it, in an order that sorts."""
    return key.rpartition("/")[2].partition("-")[0]


def _what_last(key: str) -> tuple[datetime, str]:
    return _what(key)[1], key


@lru_cache(maxsize=4096)
def _what(key: str) -> tuple[str, datetime]:
    at, what, _ = PurePosixPath(key).stem.split("-")
    return what, datetime.strptime(at, "%Y%m%dT%H%M%S%z")
