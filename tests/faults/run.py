"""Many lives, in batches of their own seeds, until enough of them differ; then the corners that chance hardly finds."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.corners import corners
from tests.faults.crashing import Site, written_sites
from tests.faults.machine import STEPS, BrokenPromiseError, Tally, search

MEMORY = Path("/dev/shm")  # noqa: S108 - folders of random names
SIDES = ("before", "after")
BATCH = 50  # lives of one seed; each batch aims at the crash points that the ones before it missed


@dataclass
class Run:
    """What all batches showed."""

    tally: Tally = field(default_factory=Tally)
    broken: list[dict[str, Any]] = field(default_factory=list)

    def missed(self) -> list[str]:
        """The crash points that no function died at: of every call that is written, and of every one that was made."""
        sites = {*written_sites(), *(site for site, _ in self.tally.seen)}
        points: list[Site] = sorted((site, side) for site in sites for side in SIDES)
        return [" ".join(point) for point in points if not self.tally.died[point]]

    def report(self) -> dict[str, Any]:
        """What build/faults.json says of them."""
        crashes = {" ".join(point): count for point, count in sorted(self.tally.died.items())}
        return {
            "sequences": len(self.tally.stories),
            "lives": self.tally.lives,
            "steps": STEPS,
            "broken": self.broken,
            "crash_points": {"covered": len(crashes), "missed": self.missed()},
            "crashes": crashes,
            "states": dict(self.tally.states),
        }


def run(sequences: int, *, first: int = 0, each: Callable[[Run], None] = lambda _: None) -> Run:
    """Live until `sequences` lives differ, seeds from `first` on; `each` is told how it stands after every batch."""
    done = Run()
    if MEMORY.is_dir():  # the functions' folders: a disk would be most of the time
        tempfile.tempdir = str(MEMORY)
    while len(done.tally.stories) < sequences:
        try:
            search(done.tally, lives=BATCH, first=first)
        except BrokenPromiseError as error:
            done.broken.append({"seed": first, "promises": error.faults, "life": error.told})
        first += 1
        each(done)
    for life in corners():
        done.tally.seen += life.seen
        done.tally.died += life.died
    return done
