"""Crash points that chance hardly comes to: lives prepared so that one call is made, and dies on either side of it."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from random import Random

from lambdas.release import events, settling
from lambdas.release.records import AuditEntry
from lambdas.release.verifying import breaks
from tests.fakes.cloud import Event
from tests.fakes.release import MODEL
from tests.faults.crashing import Crash, Fate, Site, sites_of, under
from tests.faults.deeds import train
from tests.faults.life import Letter, Life

MOMENTS = range(60, 140, 2)


def corners() -> Iterator[Life]:
    """Live them; each has died at its call, and has done its work when it was tried again."""
    for side in ("before", "after"):
        yield withdrawn(side)
        yield from (raced(side, moment) for moment in range(1, 16))
        yield from (overtaken(side, moment) for moment in MOMENTS)


def requested() -> tuple[Life, Event]:
    """A life whose first job ended with an honest model; the event of it."""
    life = next(life for seed in range(99) if (life := trained(seed)))
    return life, life.mail[0].event


def trained(seed: int) -> Life | None:
    """A life with one honest job; None where the seed draws another."""
    life = Life(Random(seed))  # noqa: S311 - a seed is to be repeated, not to be secret
    train(life)
    return life if life.told[-1].endswith("(good)") else None


def supersede(life: Life) -> None:
    """Another release makes the waiting version obsolete."""
    for version in life.versions("registered", "requested"):
        settling.supersede(life.world, version, "a corner", life.cloud.now)


def withdrawn(side: str) -> Life:
    """A change set that was left behind for a superseded version is taken away."""
    life, event = requested()
    life.run(life.mail[0], Fate())
    supersede(life)
    again = events.ended_again(event["detail"]["TrainingJobName"], "Completed", life.cloud.now)
    retried(life, Letter("training_completed", again), Fate(aim=sites_of("waiting.py", "change_sets.delete", side)))
    return life


def overtaken(side: str, moment: int) -> Life:
    """A version is superseded at some moment while its change set is being made."""
    life, _ = requested()
    fate = Fate(moment=moment, meanwhile=partial(supersede, life))
    fate.aim = sites_of("requesting.py", "change_sets.delete", side)
    retried(life, life.mail[0], fate)
    return life


def raced(side: str, moment: int) -> Life:
    """A loose entry is linked while another function links its own."""
    life = Life(Random(0))  # noqa: S311 - a seed is to be repeated, not to be secret
    loose, other = (
        AuditEntry(model=MODEL, subject=subject, what="requested", at=life.cloud.now, who="ann")
        for subject in ("loose", "other")
    )
    put = min(sites_of("chain.py", "store.put", "after"), key=_line)
    with suppress(Crash):
        under(life.world, Fate(aim=frozenset({put}))).audit.write(loose)
    last = max(sites_of("chain.py", "store.get", side), key=_line)
    fate = Fate(moment=moment, meanwhile=partial(life.world.audit.write, other), aim=frozenset({last}))
    life.reconcile(fate)
    life.settle_down()
    assert list(breaks(life.world.audit.store)) == []
    return life


def _line(site: Site) -> int:
    return int(site[0].partition(":")[2].partition(" ")[0])


def retried(life: Life, letter: Letter, fate: Fate) -> None:
    """Have the function take the event, and again after it died; in the end nothing is on offer for what is over."""
    life.run(letter, fate)
    if fate.died:
        life.run(letter, Fate())
    life.settle_down()
    over = {v.tag("release_id") for v in life.versions("superseded")}
    assert not over & set(life.cloud.offered(MODEL)), life.recent()
