"""The property test: Hypothesis draws lives of the release path, and shrinks one that breaks a promise."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.faults.crashing import Site
from tests.faults.deeds import DEEDS, attempt
from tests.faults.life import Life
from tests.faults.promises import broken

STEPS = 60  # deeds in a life


class BrokenPromiseError(AssertionError):
    """A life came to rest and a promise does not hold: which, and how it came about."""

    def __init__(self, faults: list[str], told: list[str]) -> None:
        super().__init__("\n".join([*faults, "", *told]))
        self.faults, self.told = faults, told


@dataclass
class Tally:
    """What the lives showed, those that Hypothesis shrank included."""

    lives: int = 0
    stories: set[int] = field(default_factory=set)  # hashes of what was told: how many lives differ
    seen: Counter[Site] = field(default_factory=Counter)
    died: Counter[Site] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def add(self, life: Life) -> None:
        """Count a life that has come to rest."""
        self.lives += 1
        self.stories.add(hash(tuple(life.told)))
        self.seen += life.seen
        self.died += life.died
        self.states += Counter(state for states in life.registry.history.values() for state in states)


class Lives(RuleBasedStateMachine):
    """One life at a time: each rule's step is one deed of `deeds.DEEDS`; at the end every promise must hold."""

    tally = Tally()
    aim: tuple[Site, ...] = ()  # crash points that a life should come to

    @initialize(random=st.randoms(use_true_random=True))
    def is_born(self, random: Random) -> None:
        self.life = Life(random, aim=self.aim)

    @rule(deed=st.sampled_from(DEEDS))
    def goes_on(self, deed: Callable[[Life], None]) -> None:
        attempt(self.life, deed)

    def teardown(self) -> None:
        if not hasattr(self, "life"):
            return
        faults = broken(self.life)
        self.tally.add(self.life)
        if faults:
            raise BrokenPromiseError(faults, self.life.told)


def search(tally: Tally, *, lives: int, first: int = 0, shrink: bool = True) -> None:
    """Live this many lives of the seed `first`, aimed at crash points that the tally knows and no function died at.

    Raises:
        BrokenPromiseError: the smallest life found in which a promise does not hold.
    """
    aim = tuple(sorted(point for point in tally.seen if not tally.died[point]))
    machine: Any = seed(first)(type("Lives", (Lives,), {"tally": tally, "aim": aim}))
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
    run_state_machine_as_test(machine, settings=chosen)
