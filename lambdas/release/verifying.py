"""Where the audit record is not as it was written: what `python -m compliance verify-audit` names.

Controls: AU-9, AU-10.
"""

import hashlib
import json
from collections.abc import Iterator

from lambdas.release import checkpoints
from lambdas.release.chain import AuditStore, by_model, link_key, misplaced, sha256_of
from lambdas.release.checkpoints import NO_PREVIOUS
from lambdas.release.record import RecordError


def head_problem(store: AuditStore, model: str, head: str) -> str | None:
    """Return why the record isn't what it was when its head was told (`12:<sha256>`); None when it still holds it."""
    number, _, told = head.partition(":")
    key = link_key(model, int(number))
    found = sha256_of(store.get(key)) if key in store.keys(key) else "gone"
    return None if found == told else f"cut off: {key} is {found}, its head was told as {told}"


def breaks(store: AuditStore) -> Iterator[str]:
    """Say where the record is not as it was written: per model the first break of the chain, then unlinked entries."""
    entries, links = (by_model(store.keys(f"{place}/")) for place in ("audit", "chain"))
    for model in sorted(entries | links):
        yield from _breaks_of(store, model, entries.get(model, []), links.get(model, []))
    yield from misplaced(store)


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
    yield from _wrong_checkpoints(store, model, entries)


def _wrong_checkpoints(store: AuditStore, model: str, entries: list[str]) -> Iterator[str]:
    """Name what a checkpoint says of an entry that the entry doesn't."""
    for key in store.keys(f"checkpoint/{model}/"):
        try:
            told = checkpoints.parse(store.get(key)).entries
        except RecordError as error:
            yield f"wrong checkpoint: {key}: {error}"
            continue
        wrong = (each for each, body in told.items() if each not in entries or store.get(each) != body)
        yield from (f"wrong checkpoint: {key} holds another {each}" for each in wrong)


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
