"""Many lives, in batches of their own seeds, until enough of them differ; then the corners that chance hardly finds."""

import itertools
import tempfile
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import acts, forgeries
from tests.faults.adversary import Adversaries
from tests.faults.breakdowns import breakdowns
from tests.faults.corners import corners
from tests.faults.crashing import Site, written_sites
from tests.faults.machine import STEPS, BrokenPromiseError, Lives, Tally, search

MEMORY = Path("/dev/shm")  # noqa: S108 - folders of random names
SIDES = ("before", "after")
BATCH = 100  # lives of one seed; each batch aims at the crash points that the ones before it missed
QUIET = 6  # each batch of this many is of lives without adversaries, which keep more promises and come to other places


@dataclass
class Run:
    """What all batches showed."""

    tally: Tally = field(default_factory=Tally)
    broken: list[dict[str, Any]] = field(default_factory=list)

    def declared(self) -> list[Site]:
        """The crash points: both sides of every call that is written in the code, and of every one that was made."""
        sites = {*written_sites(), *(site for site, _ in self.tally.seen)}
        return sorted((site, side) for site in sites for side in SIDES)

    def missed(self) -> list[str]:
        """The crash points that no function died at."""
        return [" ".join(point) for point in self.declared() if not self.tally.died[point]]

    def untaken(self) -> list[str]:
        """The steps of the attackers' review that nobody took."""
        return [f"{of}: {step}" for of, steps in steps_of(self.tally).items() for step, n in steps.items() if not n]

    def report(self) -> dict[str, Any]:
        """What build/faults.json says of them."""
        crashes = {" ".join(point): count for point, count in sorted(self.tally.died.items())}
        return {
            "sequences": len(self.tally.stories),
            "lives_without_adversaries": len(self.tally.quiet),
            "lives": self.tally.lives,
            "steps": STEPS,
            "broken": self.broken,
            "crash_points": {
                "declared": len(self.declared()),
                "reached": len(crashes),
                "missed": self.missed(),
            },
            "crashes": crashes,
            "states": dict(self.tally.states),
            "acts": acts_of(self.tally),
            "attack_steps": steps_of(self.tally),
        }


STEPS_OF_FINDINGS = {
    finding: (*forgeries.STEPS.get(finding, ()), *acts.STEPS.get(finding, ()))
    for finding in sorted({*forgeries.STEPS, *acts.STEPS})
}


def acts_of(tally: Tally) -> dict[str, dict[str, dict[str, int]]]:
    """What was tried, by actor, then by act: how often it was allowed, and denied."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for (who, what, outcome), count in sorted(tally.acts.items()):
        found.setdefault(who, {}).setdefault(what, {"allowed": 0, "denied": 0})[outcome] = count
    return found


def steps_of(tally: Tally) -> dict[str, dict[str, int]]:
    """How often each step of the review's first findings was taken, whether it was allowed or not."""
    return {
        finding: {step: sum(tally.steps[finding, step, outcome] for outcome in ("allowed", "denied")) for step in steps}
        for finding, steps in STEPS_OF_FINDINGS.items()
    }


@dataclass(frozen=True)
class Batch:
    """The lives of one seed: ordinary ones, or those among adversaries."""

    first: int
    aim: tuple[Site, ...]
    lives: int = BATCH

    def live(self) -> tuple[Tally, list[dict[str, Any]]]:
        """Live them, in whichever process; return what they showed, and a life that broke a promise."""
        tally, kind = Tally(), Adversaries if self.first % QUIET else Lives
        try:
            search(tally, lives=self.lives, first=self.first, kind=kind, aim=self.aim)
        except BrokenPromiseError as error:
            broken = [{"seed": self.first, "promises": error.faults, "life": error.told}]
        else:
            broken = []
        if kind is Lives:
            tally.quiet, tally.stories = tally.stories, set()
        return tally, broken


def processes(workers: int) -> ProcessPoolExecutor:
    """A pool of processes for lives, whose functions keep their folders in memory: a disk would be most of the time."""
    return ProcessPoolExecutor(workers, initializer=_stay_in_memory)


def _stay_in_memory() -> None:
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)


def run(sequences: int, *, first: int = 0, workers: int = 1, each: Callable[[Run], None] = lambda _: None) -> Run:
    """Live until `sequences` lives differ, seeds from `first` on; `each` is told how it stands after every batch.

    One seed of six has lives without adversaries, whose sequences don't count.
    """
    done, seeds = Run(), itertools.count(first)
    with processes(workers) as pool:
        under_way = {pool.submit(Batch(next(seeds), ()).live) for _ in range(workers)}
        while under_way:
            ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for batch in ended:
                tally, broken = batch.result()
                done.tally.merge(tally)
                done.broken += broken
                each(done)
            wanted = workers if len(done.tally.stories) < sequences else 0
            under_way |= {pool.submit(Batch(next(seeds), done.tally.aim).live) for _ in range(wanted - len(under_way))}
    for life in (*corners(), *breakdowns()):
        done.tally.seen += life.seen
        done.tally.died += life.died
    return done
