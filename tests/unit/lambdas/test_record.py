"""A release's state is a fold over a set of entries: in any order, however often, as of facts and of nothing else."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import known, mirror
from lambdas.release.chain import ChainedAudit, entry_body, entry_key, entry_of
from lambdas.release.record import ENDS, EXECUTIONS, SCHEMAS, WHATS, Known, RecordError, fold
from lambdas.release.records import AuditEntry, release_id
from tests.fakes.audit import FakeAuditStore
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.unit.lambdas.stories import execute, released, requested, settle

SHA = "e" * 64
STATES = {"registered", "requested", "executing", "released", "superseded", *ENDS}


def entry(what: str, *, number: int = 1, minute: int = 0, who: str = "bob", **details: object) -> AuditEntry:
    release = release_id("ann", SHA, str(number))
    facts = {"version": str(number), "atoll.release_id": release, "atoll.manifest_sha256": SHA, **details}
    at = NOON + timedelta(minutes=minute)
    return AuditEntry(model=MODEL, subject=release, what=what, at=at, who=who, details=facts)


def state(*entries: AuditEntry) -> str:
    return fold(entries).versions[-1].state


REQUESTED = (entry("registered"), entry("asked"), entry("requested"))
entries = st.builds(
    entry,
    st.sampled_from(sorted(WHATS - {"adopted"})),
    number=st.integers(1, 3),
    minute=st.integers(0, 5),
    who=st.sampled_from(["ann", "Ann", "bob", "cid"]),
    by=st.sampled_from(["", release_id("ann", SHA, "2")]),
)


adoptions = st.builds(entry, st.just("adopted"), number=st.integers(1, 3), minute=st.integers(0, 5))


@given(st.lists(entries | adoptions, max_size=12), st.data())
def test_any_order_and_any_repetition_gives_the_same(found: list[AuditEntry], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(found + found[: len(found) // 2]))
    assert fold(shuffled) == fold(found)


@given(st.lists(entries, max_size=12))
def test_there_is_one_champion_at_most_and_it_was_released_and_nothing_ended_it(found: list[AuditEntry]) -> None:
    now = fold(found)
    assert [v.number for v in now.versions if v.state == "released"] == ([now.champion.number] if now.champion else [])
    assert {v.state for v in now.versions} <= STATES
    for version in now.versions:
        own = {e.what for e in found if e.details["version"] == version.number}
        assert version.state not in {"released", "superseded"} or own & {"released", "superseded"}
        assert bool(version.tag("approver")) == bool(own & set(EXECUTIONS))
        assert bool(own & set(ENDS)) == (version.state in ENDS)


@given(st.lists(entries | adoptions, max_size=12), adoptions)
def test_nothing_from_before_an_adoption_says_anything(found: list[AuditEntry], adopted: AuditEntry) -> None:
    since = [each for each in found if each.at >= adopted.at]
    now = fold([*found, adopted])
    assert now == fold([*since, adopted])
    assert now.begun == max(each.at for each in [adopted, *since] if each.what == "adopted")


def test_what_was_adopted_is_the_champion_of_whoever_confirmed_it() -> None:
    now = fold([*REQUESTED, entry("rejected", minute=1), entry("adopted", number=7, minute=2, who="carol")])
    assert [(v.number, v.state, v.tag("approver")) for v in now.versions] == [("7", "released", "carol")]
    assert now.champion == now.versions[0]


@given(st.lists(entries, max_size=8), st.lists(entries, max_size=4))
def test_what_has_ended_stays_ended_whatever_is_added(found: list[AuditEntry], more: list[AuditEntry]) -> None:
    ended = {v.number for v in fold(found).versions if v.state in ENDS}
    assert ended <= {v.number for v in fold([*found, *more]).versions if v.state in ENDS}


def test_each_step_of_a_release_is_read_from_its_entry() -> None:
    steps = [*REQUESTED, entry("executed", minute=1), entry("released", minute=2), entry("superseded", minute=3)]
    states = [state(*steps[: count + 1]) for count in range(len(steps))]
    assert states == ["registered", "registered", "requested", "executing", "released", "superseded"]
    assert state(*steps, entry("released", minute=4)) == "released"


@pytest.mark.parametrize("whats", list(itertools.permutations(ENDS, 2)))
def test_the_gravest_end_counts_in_whatever_order_they_came(whats: Sequence[str]) -> None:
    ends = [entry(what, minute=minute) for minute, what in enumerate(whats)]
    assert state(*REQUESTED, *ends) == min(whats, key=ENDS.index)


@pytest.mark.parametrize("own", ["ann", "Ann", "ANN"])
def test_the_submitters_own_execution_counts_whoever_else_executed(own: str) -> None:
    others = entry("executed", minute=1), entry("executed", minute=2, who=own)
    (version,) = fold([*REQUESTED, *others]).versions
    assert version.tag("approver") == "ann"
    assert fold([*REQUESTED, others[0]]).versions[0].tag("approver") == "bob"


def test_a_champion_stays_until_the_one_that_replaces_it_was_released() -> None:
    old = [*REQUESTED, entry("executed"), entry("released")]
    new = [entry(what, number=2) for what in ("registered", "asked", "requested", "executed")]
    half = [*old, *new, entry("superseded", minute=1, by=release_id("ann", SHA, "2"))]
    assert [v.state for v in fold(half).versions] == ["executing", "released"]
    assert [v.state for v in fold([*half, entry("released", number=2, minute=1)]).versions] == [
        "released",
        "superseded",
    ]
    assert fold([*old, *new, entry("superseded", minute=1)]).champion is None  # stopped


def test_an_unknown_schema_blocks_what_moves_forward_and_nothing_else() -> None:
    later = replace(entry("rolled_back"), schema=max(SCHEMAS) + 1)
    now = fold([*REQUESTED, later])
    assert "schema [3]" in now.blocked
    assert now.versions == fold(REQUESTED).versions
    world = FakeWorld()
    world.audit.store.put(entry_key(later), entry_body(later))
    with pytest.raises(RecordError, match="schema"):
        requested(world)


FIRST = (
    b'{"at": "2026-11-23T12:00:00+00:00", "details": {"version": "1"}, "model": "card-anomaly", "subject": "s", '
    b'"what": "executed", "who": "bob"}'
)
GOLDEN = [FIRST, FIRST.replace(b'{"at"', b'{"schema": 2, "home": "", "at"')]
"""One of each schema, as they lie in buckets."""
KEY = f"audit/executions/{MODEL}/s/20261123T120000Z-executed-{sha256(b'bob').hexdigest()[:8]}.json"


@pytest.mark.parametrize("body", GOLDEN)
def test_entries_of_every_schema_are_read(body: bytes) -> None:
    assert entry_of(KEY, body).who == "bob"
    store = FakeAuditStore({KEY: body})
    assert [each.what for each in ChainedAudit(store).history(MODEL)] == ["executed"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"at": 1}', GOLDEN[0].replace(b"executed", b"released")])
def test_an_entry_that_cant_be_read_or_lies_elsewhere_stops_everything(body: bytes) -> None:
    store = FakeAuditStore({KEY: body})
    with pytest.raises(RecordError, match="verify-audit"):
        ChainedAudit(store).history(MODEL)


def test_entries_of_another_account_are_no_input() -> None:
    store = FakeAuditStore()
    ChainedAudit(store, home="222222222222/us-gov-east-1").write(entry("released"))
    assert ChainedAudit(store, home="111111111111/us-gov-west-1").history(MODEL) == []
    assert json.loads(store.get(entry_key(entry("released"))))["home"] == "222222222222/us-gov-east-1"


def two_releases() -> tuple[FakeWorld, Known]:
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, version.tag("release_id"))
    world.deploy(version)
    settle(world, at=NOON + timedelta(minutes=5))
    return world, known.of(world, MODEL)


def test_mlflow_shows_what_the_record_says() -> None:
    world, now = two_releases()
    assert now.champion
    assert world.registry.champions == {MODEL: now.champion.number}
    assert [(v.number, v.tags) for v in world.registry.versions(MODEL)] == [(v.number, v.tags) for v in now.versions]
    assert list(mirror.differences(world, MODEL)) == []


@pytest.mark.parametrize("loss", ["everything", "a tag", "the alias", "a version", "a tag too many"])
def test_an_edited_registry_changes_nothing_rings_and_is_written_anew(loss: str) -> None:
    world, now = two_releases()
    registry = world.registry
    if loss == "everything":
        registry.known.clear()
        registry.champions.clear()
    elif loss == "a tag":
        registry.tag(now.versions[1], {"state": "released", "approver": "mallory"})
    elif loss == "a tag too many":
        registry.tag(now.versions[1], {"evil": "x"})
    elif loss == "the alias":
        registry.crown(now.versions[1])
    else:
        del registry.known[MODEL, "1"]
    assert known.of(world, MODEL) == now
    assert mirror.tend(world, MODEL, NOON + timedelta(hours=1))
    assert world.notifier.messages[-1][0] == f"ALARM: somebody edited the registry of {MODEL}"
    assert world.audit.whats[-1] == "registry_edited"
    assert list(mirror.differences(world, MODEL)) == []
    assert registry.champions == {MODEL: "2"}
    assert mirror.tend(world, MODEL, NOON + timedelta(hours=2)) == []


def test_what_the_record_never_said_rings_at_once() -> None:
    world, now = two_releases()
    world.registry.tag(now.versions[1], {"approver": "mallory"})
    mirror.tend(world, MODEL, NOON + timedelta(minutes=6))
    assert world.notifier.messages[-1][0] == f"ALARM: somebody edited the registry of {MODEL}"


def test_what_lags_behind_an_entry_is_written_without_an_alarm() -> None:
    world, now = two_releases()
    world.registry.crown(now.versions[1])
    told = len(world.notifier.messages)
    assert mirror.tend(world, MODEL, NOON + timedelta(minutes=10))
    assert len(world.notifier.messages) == told
    assert world.registry.champions == {MODEL: "2"}
