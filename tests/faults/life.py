"""One seeded life of a platform: people and AWS act, events come twice, late, in disorder or never, functions die.

A life is a list of steps drawn from its seed; the same seed gives the same life. At its end everything that was lost
is reconciled, and tests/faults/promises.py says what must hold.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lambdas.release import events, known
from lambdas.release.handlers import change_set_deleted, change_set_executed
from lambdas.release.handlers.function_invoked import function_invoked
from lambdas.release.handlers.reconcile import answered, reconcile
from lambdas.release.handlers.release_settled import release_settled
from lambdas.release.handlers.training_completed import training_completed
from lambdas.release.handlers.way_back_asked import way_back_asked
from lambdas.release.records import Version
from tests.fakes.cloud import Event, FakeCloud
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeRegistry, FakeWorld
from tests.faults.crashing import Crash, Fate, Site, under

TRIES = 3  # what Lambda gives an asynchronous event before it lies in the dead letters
ROUNDS = 10  # of the reconciler, a day each, at a life's end; one that needs more is no healer

HANDLERS: dict[str, Callable[[Event, FakeWorld], object]] = {
    "training_completed": lambda e, w: training_completed(events.parse(events.TrainingJobEnded, e), w),
    "release_settled": lambda e, w: release_settled(events.parse(events.kind_of_change(e), e), w),
    "change_set_executed": lambda e, w: change_set_executed.heard(events.parse(events.ChangeSetExecuted, e), w),
    "change_set_deleted": lambda e, w: change_set_deleted.heard(events.parse(events.ChangeSetDeleted, e), w),
    "way_back_asked": lambda e, w: way_back_asked(e["detail"], e["id"], datetime.fromisoformat(e["time"]), w),
    "function_invoked": lambda e, w: function_invoked(events.parse(events.FunctionInvoked, e), w),
    "reconcile": lambda e, w: (
        answered(e["detail"], e["id"], datetime.fromisoformat(e["time"]), w)[0]
        if e["detail"]
        else reconcile(events.parse(events.Scheduled, e), w)
    ),
}


class RecordingRegistry(FakeRegistry):
    """A registry that remembers every state that a version was ever in."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[str]] = {}

    def register(self, model: str, run_id: str, tags: Any) -> Version:  # noqa: ANN401 - a mapping
        version = super().register(model, run_id, tags)
        self.history[version.number] = [version.state]
        return version

    def tag(self, version: Version, tags: Any) -> Version:  # noqa: ANN401 - a mapping
        tagged = super().tag(version, tags)
        if "state" in tags:
            self.history[version.number].append(tags["state"])
        return tagged


class NoRestError(Exception):
    """Events and repairs never end."""


@dataclass
class Letter:
    """An event under way to its function."""

    function: str
    event: Event
    tries: int = 0


@dataclass
class Life:
    """The world of one seed, with everything under way in it."""

    random: Random
    aim: tuple[Site, ...] = ()
    cloud: FakeCloud = field(default_factory=FakeCloud)
    mail: list[Letter] = field(default_factory=list)
    dead: list[tuple[Letter, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    seen: Counter[Site] = field(default_factory=Counter)
    died: Counter[Site] = field(default_factory=Counter)
    busy: set[str] = field(default_factory=set)
    jobs: int = 0
    good_days: int = 0
    lost: int = 0  # events that never arrived
    poor: set[str] = field(default_factory=set)  # jobs whose model learned nothing
    meanwhile: tuple[Callable[["Life"], None], ...] = ()  # what may happen while a function runs
    held_until: datetime = NOON  # until then no operation ends by itself
    stops: list[tuple[str, str]] = field(default_factory=list)  # change set, champion
    was_stopped: bool = False
    approvals: list[tuple[str, str]] = field(default_factory=list)  # version, who
    acts: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # who, what, allowed or denied
    steps: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # finding, step, allowed or denied
    starters: dict[str, str] = field(default_factory=dict)  # job -> who started it, where its tag names another
    askers: dict[str, tuple[str, str]] = field(default_factory=dict)  # what stands in a job's place -> who, role
    templates: list[str] = field(default_factory=lambda: [REVIEWED])

    def __post_init__(self) -> None:
        self.registry = RecordingRegistry()
        cloud: Any = self.cloud  # one object behind three ports
        self.cloud.on_begin = self.watch
        self.cloud.forgets = self.random.randint(0, 1) == 1
        self.rights_are_wider = self.random.randint(1, 3) == 1  # as if somebody had changed the policies
        self.world = FakeWorld(registry=self.registry, endpoints=cloud, change_sets=cloud, trail=cloud)

    def watch(self, name: str) -> None:
        """Note when the platform stops an endpoint though the record's champion could serve.

        MLflow's alias doesn't say who that is: where a function died, it still shows one that an operator stopped.
        """
        champion = known.champion(self.world, MODEL)
        platform = name.startswith("halt-from-v") or (name.startswith("halt-to-") and not self.was_stopped)
        if platform and champion and self.may_serve(champion):
            had_to = self.cloud.release.version == champion.number  # a way back would change nothing
            if not had_to and not name.startswith(f"halt-from-v{champion.number}-"):
                self.stops.append((name, champion.number))
        self.was_stopped = name.startswith("halt-")

    def may_serve(self, version: Version) -> bool:
        """Say whether another person executed a version's release, its submitter never did, and it has not failed."""
        who = {who for number, who in self.approvals if number == version.number}
        failed = {"refused", "rejected", "expired", "rolled_back"}
        return bool(who) and version.tag("submitter") not in who and version.state not in failed

    def say(self, what: str) -> None:
        """Note a step, so that a broken promise can be read."""
        self.told.append(f"{self.cloud.now:%d %H:%M} {what}")

    def collect(self) -> None:
        """Put what AWS and the functions sent into the mail."""
        again = [(to, events.sent_again(to, event)) for to, event in self.world.functions.delivered]
        sent = [*self.cloud.sent, *again]
        self.mail += [Letter(function, dict(event)) for function, event in sent]
        self.cloud.sent.clear()
        self.world.functions.delivered.clear()

    def post(self, function: str, event: Event) -> None:
        """Send an event of AWS's."""
        self.mail.append(Letter(function, event))

    def run(self, letter: Letter, fate: Fate) -> None:
        """Have a function take an event under a fate; what fails three times lies in the dead letters.

        A function runs once at a time (reserved concurrency): another of its kind waits.
        """
        if letter.function in self.busy:
            return
        self.busy.add(letter.function)
        store = self.world.audit.store
        before, store.writing = store.writing, letter.function
        try:
            outcome: object = HANDLERS[letter.function](letter.event, under(self.world, fate))
            self.mail = [other for other in self.mail if other is not letter]
        except (Crash, Exception) as end:  # noqa: BLE001 - as Lambda does
            outcome = f"died {fate.died or repr(end)}"
            letter.tries += 1
            if letter.tries >= TRIES and letter in self.mail:
                self.mail = [other for other in self.mail if other is not letter]
                self.dead.append((letter, outcome))
        finally:
            self.busy.discard(letter.function)
            store.writing = before
        self.say(f"{letter.function}: {outcome}")
        self.seen += fate.seen
        if fate.died:
            self.died[fate.died] += 1
        self.collect()

    def reconcile(self, fate: Fate | None = None) -> None:
        """Run the reconciler as its schedule does."""
        event = self.cloud.event("aws.events", "Scheduled Event", {})
        self.run(Letter("reconcile", event, tries=TRIES), fate or Fate())

    def settle_down(self) -> None:
        """Let all operations end, all mail arrive, and the reconciler find what was lost."""
        for _ in range(ROUNDS):
            before = len(self.world.audit.store.objects)
            self.calm()
            self.cloud.passes(timedelta(hours=25))  # the reconciler sends an event three times a day
            self.reconcile()
            if not self.mail and not self.cloud.moving and len(self.world.audit.store.objects) == before:
                return
        raise NoRestError(f"it never came to rest; last:\n{self.recent()}")

    def calm(self) -> None:
        """Deliver everything that is under way, and let each operation succeed."""
        for _ in range(200):
            self.collect()
            if self.cloud.moving and self.cloud.now >= self.held_until:
                self.cloud.finish()
            elif self.mail:
                self.run(self.mail[0], Fate())
            else:
                return
        raise NoRestError(f"the mail never ends; last:\n{self.recent()}")

    def recent(self) -> str:
        """The last steps."""
        return "\n".join(self.told[-60:])

    def versions(self, *states: str) -> list[Version]:
        """The versions in these states, or all."""
        return [v for v in self.registry.versions(MODEL) if not states or v.state in states]
