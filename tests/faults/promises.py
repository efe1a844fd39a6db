"""What must hold when a life has come to rest, whatever happened in it; each function yields what does not."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from lambdas.release.decisions import may_become, serves
from lambdas.release.record import ENDS
from lambdas.release.records import Version
from lambdas.release.verifying import breaks
from tests.fakes.release import MODEL
from tests.faults.life import Life, NoRestError
from tests.faults.writers import each_entry_is_of_a_function_that_may_write_it

Promise = Callable[[Life], Iterator[str]]
RECORDED_AS = {"executing": {"executed", "separation_of_duties_violated"}}
ENDS_OF_JOBS = {"refused_before_registration", "training_failed", "training_stopped"}


def no_unapproved_version_serves(life: Life) -> Iterator[str]:
    version, running = serving(life), life.cloud.running
    if running and version is None:
        yield f"{running} serves, and is no version"
    elif version and not any(n == version.number and who != version.tag("submitter") for n, who in life.approvals):
        yield f"version {version.number} of {version.tag('submitter')} serves, executed by {life.approvals}"


def the_one_champion_is_what_serves(life: Life) -> Iterator[str]:
    version, champion = serving(life), life.registry.champions.get(MODEL)
    if (version.number if version else None) != champion:
        yield f"version {version.number if version else None} serves, the champion is {champion}"
    if [v.number for v in life.versions("released")] != ([champion] if champion else []):
        yield f"released are {[v.number for v in life.versions('released')]}, the champion is {champion}"


def every_job_ends(life: Life) -> Iterator[str]:
    arns = {v.tag("training_job_arn"): v for v in life.versions()}
    if len(arns) != len(life.versions()):
        yield "a job has two versions"
    for name, job in life.world.jobs.jobs.items():
        version = arns.get(job.arn)
        ended = {what for what, _ in life.world.audit.recorded(MODEL, "jobs", name)} & ENDS_OF_JOBS
        told = [letter.event["detail"] for letter, reason in life.dead if reason]
        dead = any(detail.get("detail", detail).get("TrainingJobName") == name for detail in told)
        if version and version.state in {"registered", "executing"} and not dead:
            yield f"{name} is stuck: version {version.number} is {version.state}"
        if not version and not ended and not dead:
            yield f"{name} left neither version nor entry nor dead letter"


def a_failed_release_leaves_an_approved_champion(life: Life) -> Iterator[str]:
    """The platform takes an endpoint away only where no approved champion is there to go back to."""
    yield from (f"{name} took the endpoint from champion {champion}" for name, champion in life.stops)


def every_transition_is_recorded(life: Life) -> Iterator[str]:
    recorded = {(e.details.get("version"), e.what) for e in life.world.audit.entries.values()}
    for number, states in life.registry.history.items():
        for state in set(states) - {"registered"}:
            if not any((number, what) in recorded for what in RECORDED_AS.get(state, {state})):
                yield f"version {number} became {state} without an entry"
    yield from breaks(life.world.audit.store)


def no_state_goes_back(life: Life) -> Iterator[str]:
    """The note that a release runs may overwrite its end, as tags have no compare-and-set; then the end comes again.

    An end may still become a graver one, as the record has them. MLflow only shows the record and may be late: a state
    between two others that it never showed must stand there.
    """
    recorded = {(e.details.get("version"), e.what) for e in life.world.audit.entries.values()}
    for number, states in life.registry.history.items():
        for state, new in pairwise(states):
            ends_again = new == "executing" and state in {"released", "rolled_back"} and states[-1] != "executing"
            graver = state in ENDS and new in ENDS[: ENDS.index(state)]
            unshown = [what for of, what in recorded if of == number]
            late = any(may_become(state, each) and may_become(each, new) for each in unshown)
            if state != new and not may_become(state, new) and not (ends_again or graver or late):
                yield f"version {number} went from {state} to {new}"


def the_deployed_template_stands(life: Life) -> Iterator[str]:
    if life.cloud.deployed not in life.templates:
        yield f"a template that nobody deployed: {life.cloud.deployed}"
    if life.world.templates.recorded(MODEL) not in life.templates:
        yield "a template is trusted that nobody deployed"


def every_request_can_be_executed(life: Life) -> Iterator[str]:
    waiting = {v.tag("release_id") for v in life.versions("requested")}
    offered = {name for name in life.cloud.sets if name.startswith("r-by-") and life.cloud.waits(MODEL, name)}
    if lost := waiting - offered:
        yield f"requests without a change set: {lost}"
    if loose := offered - waiting:
        yield f"change sets without a request: {loose}"


PROMISES: tuple[Promise, ...] = (
    no_unapproved_version_serves,
    the_one_champion_is_what_serves,
    every_job_ends,
    a_failed_release_leaves_an_approved_champion,
    every_transition_is_recorded,
    no_state_goes_back,
    the_deployed_template_stands,
    every_request_can_be_executed,
    each_entry_is_of_a_function_that_may_write_it,
)


def serving(life: Life) -> Version | None:
    """The version that serves."""
    return next((v for v in life.versions() if serves(life.cloud.running, v)), None)


def broken(life: Life, promises: Sequence[Promise] = PROMISES) -> list[str]:
    """Bring a life to rest and return which promises are broken, each with its name."""
    faults = []
    try:
        life.settle_down()
    except NoRestError as error:
        faults.append(f"it_comes_to_rest: {error}")
    named = ((getattr(promise, "__name__", ""), promise) for promise in promises)
    return faults + [f"{name}: {fault}" for name, promise in named for fault in promise(life)]
