"""The generated adversary: people of every role, strangers and dying functions at once, and what must hold meanwhile.

What serves was trained by an image that the settings name, passed the gate and was approved by another person in the
approver's role; or the alarm rang and serving ended in time. That is looked at after every act and whenever time
passes, not only at rest.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from lambdas.release import mirror, record
from lambdas.release.decisions import release_of, serves
from lambdas.release.records import Serving, Version
from lambdas.release.verifying import breaks
from tests.fakes.audit import FakeAudit
from tests.fakes.release import MODEL
from tests.fakes.stack import IMAGE, NOON, serving_release
from tests.fakes.versions import VersionedAuditStore
from tests.faults.acts import ACTS, delete, execute
from tests.faults.crashing import Fate
from tests.faults.deeds import attempt, deliver, deploy, fate, finish, good_day, heal, lose, train
from tests.faults.forgeries import forge
from tests.faults.life import Life
from tests.faults.machine import Lives
from tests.faults.moving_in import move_in, unlawful_move
from tests.faults.namesakes import take_a_name, train_as_another
from tests.faults.promises import Promise, broken, the_deployed_template_stands

QUARTER = timedelta(minutes=15)
RINGS_WITHIN, ENDS_WITHIN = timedelta(minutes=20), timedelta(minutes=90)
"""The alarm's named time; and the way out's 45 minutes, after which an operation has to end.

A function that dies, or an event that is lost, costs a quarter of an hour: then the reconciler comes.
"""


@dataclass
class Watch:
    """What an onlooker of one life has seen, who knows the world and not the platform's record."""

    since: datetime | None = None  # since when something unlawful serves
    alarms: int = 0  # how many had rung when the operation began that brought it
    before: int = 0  # how many had rung when the last operation began
    mishaps: int = 0  # how often a function had died, or an event was lost, when it began to serve
    late: list[str] = field(default_factory=list)


def unlawful(life: Life) -> str | None:
    """Why what serves must not; None when nothing serves, or all is as promised.

    The job's own description says which image ran; who started it and who executed is what this life saw happen.
    """
    running = life.cloud.running
    if running is None or running.refuses:
        return None
    versions = record.fold(life.world.audit.history(MODEL)).versions
    version = next((v for v in versions if serves(running, v)), None)
    if version is None:
        return f"{running.release_id or 'what serves'} is no version on record"
    return _unlawful_job(life, version) or _unlawful_container(life, running, version)


def _unlawful_job(life: Life, version: Version) -> str | None:
    if version.job in life.askers:
        problem = unlawful_move(life, version.job, version.tag("manifest_sha256"))
        return problem or _unapproved(life, version, life.askers[version.job][0].casefold())
    job = life.world.jobs.jobs[version.job]
    if job.image != IMAGE or job.entrypoint or job.environment or len(job.tags) > 2:
        return f"version {version.number} was trained by {job.image} {job.entrypoint} {job.environment} {job.tags}"
    if job.name in life.poor:
        return f"version {version.number} serves, and its model learned nothing"
    return _unapproved(life, version, life.starters.get(job.name, job.submitter))


def _unapproved(life: Life, version: Version, starter: str) -> str | None:
    others = {who for number, who in life.approvals if number == version.number and who.casefold() != starter}
    return None if others else f"version {version.number} of {starter} serves, executed by {life.approvals}"


def _unlawful_container(life: Life, running: Serving, version: Version) -> str | None:
    if not running.owned and not life.cloud.moving:  # CloudFormation lists what it makes when it is made
        return f"version {version.number} serves in another stack's endpoint"
    lawful = [serving_release(release_of(version), text).containers for text in life.templates]
    return None if running.containers in lawful else f"version {version.number} serves in {running.containers}"


def look(life: Life, watch: Watch) -> None:
    """Note since when something unlawful serves, and whether it lasts longer than is named."""
    problem, now = unlawful(life), life.cloud.now
    mishaps = sum(life.died.values()) + life.lost
    if problem is None:
        watch.since = None
        return
    if watch.since is None:
        watch.since, watch.alarms, watch.mishaps = now, watch.before, mishaps
    more = QUARTER * (mishaps - watch.mishaps)
    if now - watch.since > RINGS_WITHIN + more and alarms(life) == watch.alarms:
        watch.late.append(f"no alarm within {RINGS_WITHIN + more}: {problem}")
    if now - watch.since > ENDS_WITHIN + more:
        watch.late.append(f"serves on after {now - watch.since}: {problem}")


def alarms(life: Life) -> int:
    """How many alarms rang."""
    return sum(subject.startswith("ALARM") for subject, _ in life.world.notifier.messages)


def what_serves_is_lawful(life: Life) -> Iterator[str]:
    if problem := unlawful(life):
        yield problem


def the_record_is_whole(life: Life) -> Iterator[str]:
    """But for entries laid where their kind doesn't lie: those are told and no input."""
    yield from (told for told in breaks(life.world.audit.store) if not told.startswith("misplaced entry: "))


def the_registry_shows_the_record(life: Life) -> Iterator[str]:
    yield from (each.told for each in mirror.differences(life.world, MODEL))


PROMISES: tuple[Promise, ...] = (
    what_serves_is_lawful,
    the_record_is_whole,
    the_registry_shows_the_record,
    the_deployed_template_stands,
)


def answer_the_alarm(life: Life) -> None:
    """An operator deletes another stack's endpoint, as the alarm asks (no function of ours may)."""
    if life.cloud.running and life.cloud.running.refuses and not life.cloud.running.owned:
        life.cloud.running = None


COURSE = (*[good_day] * 2, *[train] * 3, *[finish] * 3, *[deliver] * 8, lose, deploy, heal)
NAMESAKES = (take_a_name, take_a_name, train_as_another, move_in)
MEANWHILE = (execute, finish, delete, deliver, deploy, forge)


class Adversaries(Lives):
    """A life among adversaries."""

    def born(self, life: Life) -> None:
        self.watch = Watch()
        life.world = replace(life.world, audit=FakeAudit(VersionedAuditStore()))
        life.meanwhile = MEANWHILE
        begins = life.cloud.on_begin

        def begin(name: str) -> None:
            self.watch.before = alarms(life)
            life.held_until = NOON
            begins(name)

        life.cloud.on_begin = begin

    @rule(deed=st.sampled_from((*COURSE, *ACTS, forge, forge, *NAMESAKES)))
    def goes_on(self, deed: Callable[[Life], None]) -> None:
        attempt(self.life, deed)
        look(self.life, self.watch)

    @rule(quarters=st.sampled_from((1, 2, 7)))
    def time_passes(self, quarters: int) -> None:
        """Time passes as on AWS: operations end, events arrive, the reconciler runs each quarter of an hour."""
        for _ in range(quarters):
            self.quarter(fate(self.life) if self.life.random.random() < 0.3 else Fate())

    def quarter(self, fate: Fate) -> None:
        self.life.cloud.passes(QUARTER)
        self.life.reconcile(fate)
        self.life.calm()
        look(self.life, self.watch)

    def judged(self) -> list[str]:
        """Judge the life after two hours without another act, and at rest."""
        for _ in range(8):
            self.quarter(Fate())
        answer_the_alarm(self.life)
        return broken(self.life, PROMISES) + [f"what_serves_is_lawful: {late}" for late in self.watch.late]
