"""The audit record's hash chain: each entry is linked once, and each link holds the hash of the former one.

Entries lie at `audit/<model>/<subject>/...`, links at `chain/<model>/<8-digit number>.json` (docs/contracts.md, "Audit
chain"). Both are written once; two writers who want the same number are told apart by the store, and the slower one
takes the next. A crash between entry and link leaves an entry without one, which `mend` links later.

Controls: AU-9, AU-10.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Protocol

from lambdas.release.record import WHATS, RecordError
from lambdas.release.records import AuditEntry

NO_PREVIOUS = "0" * 64
KEPT = ("audit/", "chain/", "reasons/")
"""What is written once (stacks/components/record.py refuses everything else)."""


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
    """`ports.AuditLog` over an `AuditStore`.

    `home` is the account and region that entries are of; those of another are no input (a record that was moved).
    """

    def __init__(self, store: AuditStore, *, home: str = "") -> None:
        self._store = store
        self._home = home
        self._read: dict[str, AuditEntry] = {}  # entries never change

    def write(self, entry: AuditEntry) -> None:
        """Write an entry once and link it; a second write of the same transition changes nothing.

        Where the link begins is read before the entry is written: nobody can have linked it before that.
        """
        last = (self._store.keys(f"chain/{entry.model}/") or [""])[-1]
        key, body = entry_key(entry), entry_body(entry, self._home)
        if self._store.put(key, body):
            self._link(entry.model, key, body, last)

    def recorded(self, model: str, subject: str) -> list[tuple[str, datetime]]:
        """Return what was recorded of a subject (a release, a job, a change set) and when, the oldest first."""
        return [_what(key) for key in self._store.keys(f"audit/{model}/{subject}/")]

    def history(self, model: str) -> list[AuditEntry]:
        """Return the entries of a model's releases, of this account and region.

        Raises:
            RecordError: one of them can't be read.
        """
        keys = [key for key in self._store.keys(f"audit/{model}/") if _kind(key) in WHATS]
        self._read |= {key: entry_of(key, self._store.get(key)) for key in keys if key not in self._read}
        found = [self._read[key] for key in keys]
        return [entry for entry in found if entry.home in {"", self._home}]

    def deployed(self, model: str) -> str | None:
        """Return the hash of the template in the newest `deployed` entry of this account and region; None for none.

        Raises:
            RecordError: it can't be read.
        """
        found = [key for key in self._store.keys(f"audit/{model}/") if _kind(key) == "deployed"]
        for key in sorted(found, key=lambda key: (_what(key)[1], key), reverse=True):
            entry = entry_of(key, self._store.get(key))
            if entry.home in {"", self._home}:
                return str(entry.details.get("template_sha256", ""))
        return None

    def reason(self, model: str, release: str) -> str | None:
        """Return why an approver rejected a release; None when nobody did."""
        key = f"reasons/{model}/{release}.json"
        return json.loads(self._store.get(key))["reason"] if self._store.keys(key) else None

    def rewritten(self) -> list[str]:
        """Name what was written again or deleted since it was written: none of that is ever an input."""
        return [told for place in KEPT for told in self._store.rewritten(place)]

    def mend(self) -> list[str]:
        """Link the entries that a crash left without a link; return their keys.

        As many links as entries: then each entry has its own, and nothing is read.
        """
        entries, links = (_by_model(self._store.keys(f"{place}/")) for place in ("audit", "chain"))
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
    return f"audit/{entry.model}/{entry.subject}/{entry.at:%Y%m%dT%H%M%SZ}-{entry.what}.json"


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
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"The entry {key} can't be read: {error!r}. Run `python -m compliance verify-audit`."
        ) from error
    if entry_key(entry) != key:
        raise RecordError(
            f"The entry {key} says that it is {entry_key(entry)}. Run `python -m compliance verify-audit`."
        )
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


def breaks(store: AuditStore) -> Iterator[str]:
    """Say where the record is not as it was written: per model the first break of the chain, then unlinked entries."""
    entries, links = (_by_model(store.keys(f"{place}/")) for place in ("audit", "chain"))
    for model in sorted(entries | links):
        yield from _breaks_of(store, model, entries.get(model, []), links.get(model, []))


def _breaks_of(store: AuditStore, model: str, entries: list[str], links: list[str]) -> Iterator[str]:
    previous, seen = b"", set[str]()
    for number, key in enumerate(links, start=1):
        if key != link_key(model, number):
            yield f"missing link: {link_key(model, number)} is not there, {key} follows"
            return
        body = store.get(key)
        if problem := _link_problem(store, number, body, previous, frozenset(seen), entries):
            yield f"{problem} ({key})"
            return
        seen.add(json.loads(body)["entry"])
        previous = body
    yield from (f"unlinked entry: {key} is in no link" for key in entries if key not in seen)


def _link_problem(
    store: AuditStore, number: int, body: bytes, previous: bytes, seen: frozenset[str], entries: list[str]
) -> str | None:
    try:
        link = json.loads(body)
        entry, facts = link["entry"], (link["number"], link["previous_sha256"])
    except (ValueError, KeyError, TypeError):
        return "changed link: it is none of ours"
    if facts[0] != number or entry in seen:
        return f"reordered: it is number {facts[0]} in place {number}, for {entry}"
    if facts[1] != (hashlib.sha256(previous).hexdigest() if previous else NO_PREVIOUS):
        return "changed link: the one before it is not what it was"
    if entry not in entries:
        return f"missing entry: {entry}"
    if link["entry_sha256"] != hashlib.sha256(store.get(entry)).hexdigest():
        return f"changed entry: {entry}"
    return None


def _by_model(keys: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(key.split("/")[1], []).append(key)
    return found


def _kind(key: str) -> str:
    return key.removesuffix(".json").rpartition("-")[2]


def _what(key: str) -> tuple[str, datetime]:
    at, _, what = PurePosixPath(key).stem.partition("-")
    return what, datetime.strptime(at, "%Y%m%dT%H%M%S%z")
