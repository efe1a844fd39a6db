"""The property test: Hypothesis draws lives of the release path, and shrinks one that breaks a promise."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from lambdas.release import record
from lambdas.release.records import AuditEntry
from tests.faults.crashing import Site
from tests.faults.deeds import DEEDS, attempt
from tests.faults.life import Life
from tests.faults.promises import broken

STEPS = 60  # deeds in a life
LAGS = (0, 0, 4, 10, 15)
"""Minutes after which the trail's look-up shows a call; the same throughout a life. CloudTrail promises about 15."""


class BrokenPromiseError(AssertionError):
    """A life came to rest and a promise does not hold: which, and how it came about."""

    def __init__(self, faults: list[str], told: list[str]) -> None:
        super().__init__("\n".join([*faults, "", *told]))
        self.faults, self.told = faults, told


@dataclass
class Tally:
    """What the lives showed, those that Hypothesis shrank included."""

    lives: int = 0
    stories: set[bytes] = field(default_factory=set)  # hashes of what was told: how many lives differ
    quiet: set[bytes] = field(default_factory=set)  # of those without adversaries
    seen: Counter[Site] = field(default_factory=Counter)
    died: Counter[Site] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    acts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    steps: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @property
    def aim(self) -> tuple[Site, ...]:
        """The crash points that are known and that no function died at."""
        return tuple(sorted(point for point in self.seen if not self.died[point]))

    def merge(self, other: "Tally") -> None:
        """Count what another one counted."""
        self.lives += other.lives
        self.stories |= other.stories
        self.quiet |= other.quiet
        self.seen += other.seen
        self.died += other.died
        self.states += other.states
        self.acts += other.acts
        self.steps += other.steps

    def add(self, life: Life) -> None:
        """Count a life that has come to rest."""
        self.lives += 1
        self.stories.add(hashlib.blake2b("\n".join(life.told).encode(), digest_size=12).digest())
        self.seen += life.seen
        self.died += life.died
        self.acts += life.acts
        self.steps += life.steps
        if life.acts:  # in MLflow an adversary writes any state
            return
        self.states += Counter(state for states in life.registry.history.values() for state in states)


class Remembered:
    """`record.fold`, which is pure, without folding the same entries twice: it would be half of a life's time."""

    def __init__(self) -> None:
        self._fold = record.fold
        self._known: dict[tuple[int, ...], tuple[list[AuditEntry], record.Known]] = {}

    def __call__(self, entries: Iterable[AuditEntry]) -> record.Known:
        found = list(entries)
        ids = tuple(map(id, found))  # of objects that are kept beside, so that nothing else gets such an id
        if ids not in self._known:
            self._known = {ids: (found, self._fold(found))}
        return self._known[ids][1]


class Lives(RuleBasedStateMachine):
    """One life at a time: each rule's step is one deed of `deeds.DEEDS`; at the end every promise must hold."""

    tally = Tally()
    aim: tuple[Site, ...] = ()  # crash points that a life should come to

    @initialize(random=st.randoms(use_true_random=True))
    def is_born(self, random: Random) -> None:
        self.life = Life(random, aim=self.aim)
        self.life.cloud.lag = timedelta(minutes=random.choice(LAGS))
        self.born(self.life)

    def born(self, life: Life) -> None:
        """What a kind of life has besides."""

    def judged(self) -> list[str]:
        """Bring the life to rest; return which promises are broken."""
        return broken(self.life)

    @rule(deed=st.sampled_from(DEEDS))
    def goes_on(self, deed: Callable[[Life], None]) -> None:
        attempt(self.life, deed)

    def teardown(self) -> None:
        if not hasattr(self, "life"):
            return
        faults = self.judged()
        self.tally.add(self.life)
        if faults:
            raise BrokenPromiseError(faults, self.life.told)


def search(
    tally: Tally,
    *,
    lives: int,
    first: int = 0,
    shrink: bool = True,
    kind: type[Lives] = Lives,
    aim: tuple[Site, ...] = (),
) -> None:
    """Live this many lives of a kind and of the seed `first`, aimed at crash points.

    Raises:
        BrokenPromiseError: the smallest life found in which a promise does not hold.
    """
    machine: Any = seed(first)(type("Lives", (kind,), {"tally": tally, "aim": aim}))
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    chosen = settings(
        max_examples=lives,
        stateful_step_count=STEPS,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    try:
        with patch.object(record, "fold", Remembered()):
            run_state_machine_as_test(machine, settings=chosen)
    except FlakyFailure as flaky:  # it broke a promise, and not when Hypothesis lived it again
        broke = [each for each in flaky.exceptions if isinstance(each, BrokenPromiseError)]
        raise broke[0] if broke else flaky from flaky
