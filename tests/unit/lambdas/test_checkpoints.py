"""A decision reads few objects however long the history is, and decides as if it had read them all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import checkpoints
from lambdas.release.chain import ChainedAudit, entry_body, entry_key, link_body, link_key
from lambdas.release.record import RecordError, fold
from lambdas.release.records import AuditEntry
from lambdas.release.verifying import breaks
from tests.fakes.audit import FakeAuditStore
from tests.fakes.release import MODEL, NOON
from tests.unit.lambdas.test_record import entries, entry

EVERY = 5


class Counted(FakeAuditStore):
    """A store that counts what is read from it."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__(objects)
        self.got: list[str] = []

    def get(self, key: str) -> bytes:
        self.got.append(key)
        return super().get(key)


def written(found: list[AuditEntry]) -> dict[str, bytes]:
    """The objects of a record whose entries were written in this order."""
    objects, previous, number = dict[str, bytes](), b"", 0
    for each in found:
        key, body = entry_key(each), entry_body(each)
        if key in objects:
            continue
        number += 1
        previous = link_body(number, key, body, previous)
        objects |= {key: body, link_key(MODEL, number): previous}
    return objects


def long_history(releases: int) -> list[AuditEntry]:
    whats = ("registered", "asked", "requested", "executed", "released")
    return [entry(what, number=n, minute=n) for n in range(1, releases + 1) for what in whats]


@given(st.lists(entries, max_size=40), st.data())
def test_the_fold_of_a_checkpoint_and_of_what_came_later_is_the_fold_of_all(
    found: list[AuditEntry], data: st.DataObject
) -> None:
    store = FakeAuditStore()
    for each in found:
        ChainedAudit(store).write(each)
        if data.draw(st.booleans()):
            ChainedAudit(store, every=1).checkpoint(MODEL)
    assert sorted(ChainedAudit(store).history(MODEL), key=repr) == sorted(
        ChainedAudit(FakeAuditStore(written(found))).history(MODEL), key=repr
    )
    assert fold(ChainedAudit(store).history(MODEL)) == fold(ChainedAudit(FakeAuditStore(written(found))).history(MODEL))
    assert list(breaks(store)) == []


@pytest.mark.parametrize("releases", [10, 100, 1000])
def test_a_decision_reads_a_bounded_number_of_objects_however_long_the_history_is(releases: int) -> None:
    store = Counted(written(long_history(releases)))
    ChainedAudit(store, every=EVERY).checkpoint(MODEL)
    for minute in range(EVERY - 1):
        ChainedAudit(store).write(entry("superseded", number=1, minute=10_000 + minute))
    store.got.clear()
    assert len(ChainedAudit(store).history(MODEL)) == 5 * releases + EVERY - 1
    assert len(store.got) == EVERY  # the checkpoint, and what came later


def test_a_checkpoint_is_made_of_verified_links_and_entries_alone() -> None:
    objects = written(long_history(3))
    key = entry_key(entry("executed", number=2, minute=2))
    for broken in (
        {key: objects[key].replace(b"executed", b"released")},
        {link_key(MODEL, 4): objects[link_key(MODEL, 4)].replace(b"0", b"1")},
        {link_key(MODEL, 4): objects[link_key(MODEL, 5)]},
    ):
        store = FakeAuditStore(objects | broken)
        with pytest.raises(RecordError, match="verify-audit"):
            ChainedAudit(store, every=1).checkpoint(MODEL)
        assert store.keys("checkpoint/") == []


def test_an_entry_that_is_gone_after_it_was_verified_stops_everything() -> None:
    store = FakeAuditStore(written(long_history(2)))
    ChainedAudit(store, every=1).checkpoint(MODEL)
    del store.objects[entry_key(entry("released", number=2, minute=2))]
    with pytest.raises(RecordError, match="is gone"):
        ChainedAudit(store).history(MODEL)


def test_an_entry_that_a_function_has_read_and_that_is_gone_stops_it() -> None:
    store = FakeAuditStore(written(long_history(2)))
    warm = ChainedAudit(store)
    assert warm.history(MODEL)
    del store.objects[entry_key(entry("released", number=2, minute=2))]
    with pytest.raises(RecordError, match="is gone"):
        warm.history(MODEL)


def test_a_checkpoint_that_says_something_else_than_the_entries_is_named() -> None:
    store = FakeAuditStore(written(long_history(1)))
    ChainedAudit(store, every=1).checkpoint(MODEL)
    (key,) = store.keys("checkpoint/")
    store.objects[key] = store.objects[key].replace(b"bob", b"eve")
    assert all(told.startswith(f"wrong checkpoint: {key} holds another") for told in breaks(store))
    assert list(breaks(store))
    store.objects[key] = b"{}"
    with pytest.raises(RecordError, match="can't be read"):
        ChainedAudit(store).history(MODEL)


def test_a_checkpoint_begins_where_the_former_one_ended() -> None:
    store = Counted(written(long_history(4)))
    log = ChainedAudit(store, every=EVERY)
    assert log.checkpoint(MODEL) == f"verified 20 links of {MODEL}"
    assert log.checkpoint(MODEL) is None
    for minute in range(EVERY):
        log.write(replace(entry("rolled_back", number=4), at=NOON + timedelta(days=1, minutes=minute)))
    store.got.clear()
    assert log.checkpoint(MODEL) == f"verified {EVERY} links of {MODEL}"
    assert len(store.got) == 1 + 2 * EVERY  # the former checkpoint, then each new link and its entry
    assert checkpoints.newest(store, MODEL).links == 20 + EVERY
