"""What was verified of a model's record, in one object, so that a decision reads few however long the history is.

A checkpoint holds the entries that a fold reads out of the first so many links, each held against its link's hash, the
links against each other, beginning where the checkpoint before it ended. One function writes them
(stacks/components/record.py); the fold of a checkpoint and of what came later is the fold of all, for it is a fold over
a set. What a checkpoint holds must still be listed: an entry that is gone breaks the record.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol

from lambdas.release.record import RecordError

EVERY = 100  # links: so many entries at most, and those of the last quarter of an hour, are read one by one
NO_PREVIOUS = "0" * 64
_ASK = "Run `python -m compliance verify-audit`."


class Store(Protocol):
    """What a checkpoint needs of `chain.AuditStore`."""

    def get(self, key: str) -> bytes:
        """Return an object."""
        ...

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys below a prefix."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """The entries of the first `links` links, by their keys; `head` is the hash of the last of these links."""

    links: int = 0
    head: str = NO_PREVIOUS
    entries: Mapping[str, bytes] = field(default_factory=dict)


NOTHING = Checkpoint()


def key_of(model: str, links: int) -> str:
    """Return where a checkpoint lies."""
    return f"checkpoint/{model}/{links:08}.json"


def body_of(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint's bytes."""
    entries = {key: body.decode() for key, body in checkpoint.entries.items()}
    told = {"schema": 1, "links": checkpoint.links, "head": checkpoint.head, "entries": entries}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def parse(body: bytes) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        RecordError: it is none of ours.
    """
    try:
        told = json.loads(body)
        entries = {key: text.encode() for key, text in told["entries"].items()}
        schema, found = told["schema"], Checkpoint(int(told["links"]), str(told["head"]), entries)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"A checkpoint can't be read: {error!r}. {_ASK}") from error
    if schema != 1:
        raise RecordError(f"A checkpoint can't be read: its schema is {schema!r}, known is 1. {_ASK}")
    return found


def newest(store: Store, model: str, start: Checkpoint = NOTHING) -> Checkpoint:
    """Return the newest checkpoint of a model behind `start`, which is returned where there is none."""
    found = store.keys(f"checkpoint/{model}/", key_of(model, start.links) if start.links else "")
    return parse(store.get(found[-1])) if found else start


def further(store: Store, model: str, former: Checkpoint, wanted: Sequence[str]) -> Checkpoint:
    """Return a checkpoint that holds, beside the former one, what was linked since; only keys among `wanted` are kept.

    Raises:
        RecordError: a link or an entry isn't what it was when it was written.
    """
    last = f"chain/{model}/{former.links:08}.json" if former.links else ""
    number, head, kept, fold = former.links, former.head, dict(former.entries), frozenset(wanted)
    for key in store.keys(f"chain/{model}/", last):
        number, body = number + 1, store.get(key)
        linked, entry = _linked(store, key, body, number, head)
        head = hashlib.sha256(body).hexdigest()
        if linked in fold:
            kept[linked] = entry
    return Checkpoint(number, head, kept)


def _linked(store: Store, key: str, body: bytes, number: int, head: str) -> tuple[str, bytes]:
    """Return the key and the bytes of the entry that a link holds, behind the link with the hash `head`."""
    try:
        link = json.loads(body)
        entry = store.get(link["entry"])
        facts = (int(PurePosixPath(key).stem), link["number"], link["previous_sha256"], link["entry_sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{key} can't be read: {error!r}. {_ASK}") from error
    if facts != (number, number, head, hashlib.sha256(entry).hexdigest()):
        raise RecordError(f"{key} is not what it was. {_ASK}")
    return link["entry"], entry
