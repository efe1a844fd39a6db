"""The chain holds whoever writes at the same time, and wherever a writer dies."""

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lambdas.release.chain import ChainedAudit
from lambdas.release.records import AuditEntry
from lambdas.release.verifying import breaks
from tests.fakes.audit import FakeAuditStore
from tests.fakes.release import MODEL, NOON


class Died(BaseException):
    """The writer's process ended."""


class Meddled(FakeAuditStore):
    """A store in which others act before chosen calls, and whose caller dies before or after the last of them."""

    def __init__(self, plan: dict[int, str], other: ChainedAudit, shared: dict[str, bytes]) -> None:
        super().__init__(shared)
        self._plan, self._other, self._calls = plan, other, 0

    def _tick(self) -> None:
        self._calls += 1
        match self._plan.get(self._calls):
            case "write":
                self._other.write(entry(100 + self._calls))
            case "mend":
                self._other.mend()
            case "die":
                raise Died

    def put(self, key: str, body: bytes) -> bool:
        self._tick()
        done = super().put(key, body)
        self._tick()
        return done

    def keys(self, prefix: str, after: str = "") -> list[str]:
        self._tick()
        return super().keys(prefix, after)


def entry(second: int) -> AuditEntry:
    return AuditEntry(model=MODEL, subject="s", what="released", at=NOON + timedelta(seconds=second), who="ann")


ACTS = st.sampled_from(["write", "mend", "die"])


@given(st.lists(st.dictionaries(st.integers(1, 12), ACTS, max_size=5), min_size=1, max_size=3))
def test_each_entry_has_exactly_one_link_after_any_race_and_any_death(plans: list[dict[int, str]]) -> None:
    shared: dict[str, bytes] = {}
    calm = ChainedAudit(FakeAuditStore(shared))
    for second, plan in enumerate(plans):
        try:
            log = ChainedAudit(Meddled(plan, calm, shared))
            log.write(entry(second))
            log.mend()
        except Died:
            calm.write(entry(second))
    calm.mend()
    store = FakeAuditStore(shared)
    assert list(breaks(store)) == []
    linked = [json.loads(store.get(key))["entry"] for key in store.keys("chain/")]
    assert sorted(linked) == store.keys("audit/")


class Unread(FakeAuditStore):
    """A store whose objects may be listed and not read."""

    def get(self, key: str) -> bytes:
        raise AssertionError(f"{key} was read")


def test_a_record_that_is_whole_is_mended_by_listing_alone() -> None:
    shared: dict[str, bytes] = {}
    for second in range(20):
        ChainedAudit(FakeAuditStore(shared)).write(entry(second))
    assert ChainedAudit(Unread(shared)).mend() == []
