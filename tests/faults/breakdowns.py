"""Crash points that no life comes to: a stack left halfway or stuck, a broken record, what people ask the reconciler.

Each breakdown is prepared, the function that meets it dies on one side of its call, and does its work when tried again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from lambdas.release import events
from lambdas.release.decisions import release_of
from lambdas.release.records import Release
from tests.fakes.artifacts import archive, metrics
from tests.fakes.release import MODEL
from tests.fakes.stack import identity
from tests.faults.crashing import Fate, sites_of
from tests.faults.life import Letter, Life
from tests.faults.moving_in import ask_again, name_in_settings, sha_in
from tests.faults.scenes import Scene, with_champion

TWO_HOURS = timedelta(hours=2)


def left_halfway() -> Scene:
    """A release whose update failed and was left as it is (`DisableRollback`)."""
    scene = with_champion()
    scene.life.cloud.execute(MODEL, scene.trained("bob", 0.9).tag("release_id"), who="carol")
    return rests(scene, "UPDATE_FAILED")


def stuck() -> Scene:
    """What nobody approved serves, in a stack that takes no change set."""
    scene = with_champion()
    scene.begins("home-1", release_of(scene.trained("bob", 0.9)))
    scene.life.cloud.finish()
    return rests(scene, "UPDATE_ROLLBACK_FAILED")


def moving_for_ever() -> Scene:
    """What nobody approved comes up, in an operation that can't be cancelled and doesn't end."""
    scene = with_champion()
    scene.begins("home-1", release_of(scene.trained("bob", 0.9)))
    scene.life.cloud.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    scene.life.cloud.passes(TWO_HOURS)
    return scene


def nobody_known() -> Scene:
    """A release serves, and neither trail nor event tells who executed it."""
    scene = with_champion()
    scene.life.cloud.begin(scene.trained("bob", 0.9).tag("release_id"))
    scene.life.cloud.finish()
    scene.life.cloud.passes(timedelta(minutes=30))
    return scene


def of_another_stack() -> Scene:
    """Another stack made the endpoint, with a variable more."""
    scene = with_champion()
    words = scene.life.cloud.running
    assert words
    scene.brought("halt-1", Release())
    (own,) = words.containers
    evil = replace(own, environment={**own.environment, "PYTHONPATH": "/opt/ml/model"})
    scene.life.cloud.running = replace(words, owned=False, containers=(evil,))
    return scene


def unreadable() -> Scene:
    """An entry of the record is no entry."""
    scene = with_champion()
    key = next(key for key in scene.life.world.audit.store.keys("audit/requests/") if "-requested-" in key)
    scene.life.world.audit.store.put(key.replace("-requested-", "-requested-0"), b"no entry")
    return scene


def agreed(*people: str) -> Scene:
    """Approvers ask, one after the other, that what serves is adopted, for the record can't be read."""
    scene = unreadable()
    for number, who in enumerate(people, start=1):
        asked = {"adopt": MODEL, "reason": "a breakdown"} | ({"confirms": "ask-1"} if number > 1 else {})
        event = scene.life.cloud.event("people", "ask", asked) | {"id": f"ask-{number}"}
        call = {
            "eventName": "Invoke",
            "requestID": f"ask-{number}",
            "requestParameters": {"functionName": "Reconcile"},
            "userIdentity": identity(who),
        }
        scene.life.run(Letter("reconcile", event), Fate())
        told = scene.life.cloud.event("aws.lambda", "AWS API Call via CloudTrail", call)
        scene.life.run(Letter("function_invoked", told), Fate())
    return scene


def moved_here() -> Scene:
    """An approver asked for a model that was moved here, and the trail told who."""
    scene = with_champion()
    packed = archive(metrics_json=metrics(0.9, (scene.version("1").tag("manifest_sha256"), 0.8)))
    scene.life.world.artifacts.released[MODEL, sha_in(packed)] = packed
    name_in_settings(scene.life, sha_in(packed))
    ask_again(scene.life, sha_in(packed), "bob", "Approver")
    scene.hears()
    return scene


def edited() -> Scene:
    """Somebody took a version out of MLflow, and a person asks that it is written anew."""
    scene = with_champion()
    scene.trained("bob", 0.9)
    return scene


def rests(scene: Scene, status: str) -> Scene:
    """End the operation under way in a status of CloudFormation's."""
    scene.life.cloud.moving, scene.life.cloud.status = None, status
    return scene


def renumbered() -> Scene:
    """Somebody took an older version out of MLflow, which would give it a new number."""
    scene = edited()
    del scene.life.registry.known[MODEL, "1"]
    return scene


def settled(life: Life) -> Letter:
    """The stack, or the endpoint, has changed."""
    return Letter("release_settled", events.settled_again(MODEL, life.cloud.now))


def asked(life: Life) -> Letter:
    """A person asks that MLflow's copy is written anew."""
    return Letter("reconcile", life.cloud.event("people", "ask", {"rebuild": MODEL, "reason": "a breakdown"}))


def adopts(life: Life) -> Letter:
    """A person asks that what serves is adopted."""
    return Letter("reconcile", life.cloud.event("people", "ask", {"adopt": MODEL, "reason": "a breakdown"}))


def asks_again(life: Life) -> Letter:
    """A person asks for a moved model."""
    (sha,) = life.world.settings.moved_manifests
    wanted = {"ask_again": MODEL, "manifest_sha256": sha, "reason": "a breakdown"}
    return Letter("reconcile", life.cloud.event("people", "ask", wanted))


def opens(life: Life) -> Letter:
    """The reconciler has the archive opened that somebody asked for."""
    (name,) = life.askers
    return Letter("training_completed", events.ended_again(name, "Completed", life.cloud.now))


def scheduled(life: Life) -> Letter:
    """It is time to look for what was lost."""
    return Letter("reconcile", life.cloud.event("aws.events", "Scheduled Event", {}))


@dataclass(frozen=True)
class Breakdown:
    """How it comes about, which event brings a function to it, and at which call that function dies."""

    prepare: Callable[[], Scene]
    letter: Callable[[Life], Letter]
    file: str
    call: str

    def meet(self, side: str) -> Life:
        """Have the function die at every place of the call in turn, and do its work at last; return the life."""
        life, aim = self.prepare().life, sites_of(self.file, self.call, side)
        while True:
            fate = Fate(aim=aim)
            life.run(self.letter(life), fate)
            if fate.died is None:
                return life
            aim -= {fate.died}


BREAKDOWNS = (
    Breakdown(left_halfway, settled, "guarding.py", "change_sets.take_back"),
    Breakdown(left_halfway, settled, "reports.py", "notifier.tell"),
    Breakdown(stuck, settled, "guarding.py", "endpoints.refuse_callers"),
    Breakdown(moving_for_ever, settled, "watching.py", "endpoints.refuse_callers"),
    Breakdown(nobody_known, settled, "reports.py", "notifier.tell"),
    Breakdown(of_another_stack, settled, "guarding.py", "endpoints.refuse_callers"),
    Breakdown(of_another_stack, settled, "guarding.py", "templates.recorded"),
    Breakdown(unreadable, settled, "reports.py", "notifier.tell"),
    Breakdown(with_champion, adopts, "adopting.py", "templates.recorded"),
    Breakdown(unreadable, adopts, "adopting.py", ""),
    Breakdown(partial(agreed, "bob", "carol"), settled, "adopting.py", ""),
    Breakdown(partial(agreed, "bob", "bob"), settled, "adopting.py", ""),
    Breakdown(moved_here, asks_again, "reports.py", "notifier.tell"),
    Breakdown(moved_here, opens, "moved.py", ""),
    Breakdown(moved_here, opens, "candidates.py", "artifacts.fetch_released"),
    Breakdown(edited, asked, "mirror.py", "registry.set_aside"),
    Breakdown(edited, asked, "reports.py", "notifier.tell"),
    Breakdown(renumbered, scheduled, "mirror.py", "registry.set_aside"),
)


def breakdowns() -> Iterator[Life]:
    """Meet every breakdown, and die on either side of its call."""
    for side in ("before", "after"):
        yield from (breakdown.meet(side) for breakdown in BREAKDOWNS)
