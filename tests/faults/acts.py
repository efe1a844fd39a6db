"""What an adversary tries: any person in any role, whatever IAM and MLflow let them, in any order.

Each act is counted by role, and whether it is allowed: by IAM as `rights.json` has it, by MLflow as a user's grant on
the model is (forgeries.py). What is denied doesn't happen, but in lives where somebody changed the policies (`WIDER`):
the second line holds, too. A step that the attackers' review took (RT-01 to RT-07) is counted under its id.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from lambdas.release import chain, events, known
from lambdas.release.decisions import release_of
from lambdas.release.records import AuditEntry, Release, Version, stack_of, submitter_of
from tests.fakes.cloud import ChangeSet
from tests.fakes.release import MODEL, job
from tests.fakes.stack import identity, serving_release, template
from tests.fakes.versions import VersionedAuditStore
from tests.faults.crashing import Fate
from tests.faults.deeds import PEOPLE, ask
from tests.faults.life import Life
from tests.faults.rights import DEPLOYER, ROLES, STRANGER, WIDER, rights

EVIL = template("evil", PYTHONPATH="/opt/ml/model")
LONG = timedelta(hours=12)  # what a WaitCondition waits at most
RIGHTS = rights()
STEPS = {
    "RT-03": ("name a change set after a waiting release", "bring its parameters"),
    "RT-04": ("delete the own request", "execute the own release", "train in another's name"),
    "RT-05": ("execute its name on an own stack", "put its execution on the bus", "bring its parameters"),
    "RT-06": ("stop the endpoint", "make the endpoint in a second stack"),
    "RT-07": ("bring a template of one's own", "keep the stack moving with it"),
}


def may(life: Life, role: str, call: str, *steps: tuple[str, str]) -> bool:
    """Say whether a role may call this, and count it."""
    wider = life.rights_are_wider and call in WIDER.get(role, ())
    return counted(life, role, call, *steps, allowed=wider or RIGHTS[role][call])


def counted(life: Life, who: str, what: str, *steps: tuple[str, str], allowed: bool) -> bool:
    """Count an act, and the steps of findings that it takes; say again whether it is allowed."""
    outcome = "allowed" if allowed else "denied"
    life.acts[who, what, outcome] += 1
    for finding, step in steps:
        life.steps[finding, step, outcome] += 1
    life.say(f"{who}: {what}: {outcome}")
    return allowed


def any_role(life: Life, *calls: str) -> str:
    """A role: mostly one that may do all of this, where there is one."""
    able = [role for role in (*ROLES, DEPLOYER) if all(RIGHTS[role][call] for call in calls)]
    able += [role for role, more in WIDER.items() if life.rights_are_wider and set(calls) <= more]
    return life.random.choice(able if able and life.random.random() < 0.6 else [*ROLES, DEPLOYER, STRANGER])


def waiting(life: Life) -> list[str]:
    """The releases that somebody could execute."""
    return [name for name in life.cloud.sets if name.startswith("r-by-") and life.cloud.waits(MODEL, name)]


def on_record(life: Life) -> Sequence[Version]:
    """The versions that were asked for."""
    return [v for v in known.versions(life.world, MODEL) if v.tag("release_id")]


def execute(life: Life) -> None:
    """Somebody executes a release: another's, the own, or the own under a session's name in capitals."""
    if not (names := waiting(life)):
        return
    name, who = life.random.choice(names), life.random.choice((*PEOPLE, *PEOPLE, "Ann"))
    own = submitter_of(name) == who.casefold()
    call = "execute the own release" if own else "execute another's release"
    call += " as the same person in capitals" if own and not who.islower() else ""
    role = any_role(life, call)
    if not may(life, role, call, *[("RT-04", "execute the own release")] * own):
        return
    life.cloud.execute(MODEL, name, who=who, role=role)
    if role == "Approver":
        life.approvals.append((life.cloud.sets[name].release.version, who))
    if life.random.random() < 0.1:
        life.cloud.broken.add(life.cloud.sets[name].release.manifest_sha256)


def bring(life: Life) -> None:
    """Somebody makes and executes a change set under any name, with any parameters and any template.

    One with a WaitCondition keeps its stack moving, with what it brought in force.
    """
    kind, prefix = life.random.choice((("way back", "home-"), ("stop", "halt-"), ("deployment", "cdk-")))
    found = on_record(life)
    version = life.random.choice(found) if found and life.random.random() < 0.8 else None
    make(life, kind, f"{prefix}{life.random.choice(waiting(life) or [''])}", version)


def make(life: Life, kind: str, start: str, version: Version | None) -> None:
    """Somebody makes and executes a change set of a kind whose name starts so, with a version's parameters."""
    text = EVIL if life.random.random() < 0.3 and kind != "deployment" else None
    steps = [("RT-03", "name a change set after a waiting release")] * ("r-by-" in start)
    if version and version.state == "requested":
        steps += [("RT-03", "bring its parameters"), ("RT-05", "bring its parameters")]
    steps += [("RT-07", "bring a template of one's own")] * (text is not None)
    steps += [("RT-06", "stop the endpoint")] * (version is None)
    role = any_role(life, f"make a {kind}", f"execute a {kind}")
    allowed = may(life, role, f"make a {kind}", *steps) and may(life, role, f"execute a {kind}")
    hold = text is not None and life.random.random() < 0.5
    life.steps["RT-07", "keep the stack moving with it", "allowed" if allowed else "denied"] += hold
    if not allowed:
        return
    name, release = f"{start}-{len(life.told)}", release_of(version) if version else Release()
    life.cloud.sets[name] = ChangeSet(release, text)
    if kind == "deployment":  # whatever its role executes is deployed, the stack's present template too
        life.templates.append(life.cloud.deployed)
    life.cloud.execute(MODEL, name, who="olga", role=role)
    if hold:
        life.held_until = life.cloud.now + LONG
        life.cloud.running = serving_release(release, EVIL) if version else None
        tell_endpoint(life)


def own_endpoint(life: Life) -> None:
    """Somebody makes the endpoint of ours in a stack of the own, with what served before and more."""
    role = any_role(life, "make a second stack", "execute on a second stack")
    step = ("RT-06", "make the endpoint in a second stack")
    allowed = may(life, role, "make a second stack", step) and may(life, role, "execute on a second stack")
    if not allowed or life.cloud.running or not (found := on_record(life)):
        return
    text = life.random.choice((EVIL, life.cloud.deployed))
    life.cloud.running = replace(serving_release(release_of(life.random.choice(found)), text), owned=False)
    tell_endpoint(life)


def tell_endpoint(life: Life) -> None:
    """SageMaker tells that the endpoint changed."""
    detail = {"EndpointName": f"atoll-{MODEL}", "EndpointStatus": "IN_SERVICE"}
    life.post("release_settled", life.cloud.event("aws.sagemaker", "SageMaker Endpoint State Change", detail))


def delete(life: Life) -> None:
    """Somebody deletes a request, with or without a reason."""
    if not (names := waiting(life)):
        return
    name, who = life.random.choice(names), life.random.choice(PEOPLE)
    own = submitter_of(name) == who
    call = "delete the own release" if own else "delete another's release"
    role = any_role(life, call)
    if life.random.random() < 0.5 and may(life, role, "write a reason"):
        body = json.dumps({"release": name, "reason": "not convincing"}).encode()
        life.world.audit.store.put(f"reasons/{MODEL}/{name}.json", body)
    if may(life, role, call, *[("RT-04", "delete the own request")] * own):
        life.cloud.delete(MODEL, name, who=who)


def approve_falsely(life: Life) -> None:
    """Somebody has an execution told of that never was, and brings up what it seemed to approve."""
    if not (names := waiting(life)):
        return
    name = life.random.choice(names)
    life.random.choice((execute_elsewhere, put_event))(life, name)
    for letter in [each for each in life.mail if each.function == "change_set_executed"]:
        life.run(letter, Fate())
    version = next((each for each in on_record(life) if each.tag("release_id") == name), None)
    if version and life.random.random() < 0.7:
        make(life, "way back", "home-", version)


def execute_elsewhere(life: Life, name: str) -> None:
    """Who has a stack of the own executes a change set there that is called like a release."""
    alike = f"x{stack_of(MODEL)}"
    stack = life.random.choice(("my-own", alike, f"arn:x:cloudformation:r:1:stack/{alike}/1"))
    call = _execution(life, name, stack)
    counted(life, STRANGER, "execute on an own stack", ("RT-05", "execute its name on an own stack"), allowed=True)
    life.cloud.trail.append(call)
    life.post("change_set_executed", life.cloud.event("aws.cloudformation", "AWS API Call via CloudTrail", call))


def put_event(life: Life, name: str) -> None:
    """Somebody puts an event on our bus that tells of an execution which never was."""
    role = any_role(life, "put an event")
    if may(life, role, "put an event", ("RT-05", "put its execution on the bus")):
        call = events.called_again(_execution(life, name, stack_of(MODEL)))
        life.post("change_set_executed", events.sent_again("change_set_executed", call))


def _execution(life: Life, name: str, stack: str) -> dict[str, object]:
    return {
        "eventName": "ExecuteChangeSet",
        "eventTime": life.cloud.now.isoformat(),
        "userIdentity": identity(life.random.choice((*PEOPLE, "dora")), life.random.choice(("Approver", "Developer"))),
        "requestParameters": {"stackName": stack, "changeSetName": name},
    }


def ask_back(life: Life) -> None:
    """Somebody asks the platform for a stop, or for any release that was ever asked for."""
    found = on_record(life)
    stop = not found or life.random.random() < 0.2
    role = any_role(life, "ask for a way back")
    if may(life, role, "ask for a way back", *[("RT-06", "stop the endpoint")] * stop):
        ask(life, "" if stop else life.random.choice(found).tag("release_id"))


def take_away(life: Life) -> None:
    """Somebody deletes the endpoint beside its stack, or changes who may call it."""
    call = life.random.choice(("delete the endpoint", "refuse callers", "admit callers"))
    if not may(life, any_role(life, call), call, ("RT-06", "stop the endpoint")):
        return
    if call == "delete the endpoint":
        life.cloud.running = None
    elif life.cloud.running:
        life.cloud.running = replace(life.cloud.running, refuses=call == "refuse callers")
    tell_endpoint(life)


def reach_out(life: Life) -> None:
    """Somebody writes where only functions write, or moves stack and endpoint directly. IAM lets nobody of ours."""
    calls = ("write an entry", "write a link", "delete an entry", "write the deployed template", "write an archive")
    more = ("write a released archive", "call a function", "create an endpoint", "update the endpoint")
    last = ("make a release", "execute a release by its ARN", "change a job's tags", "train in another's name")
    call = life.random.choice((*calls, *more, *last))
    may(life, life.random.choice((*ROLES, STRANGER)), call)


def write_over(life: Life) -> None:
    """Somebody writes over an entry, as one of another version. The bucket's policy lets nobody."""
    store = life.world.audit.store
    entries = store.keys("audit/")
    role = any_role(life, "delete an entry", "write an entry")
    allowed = may(life, role, "delete an entry") and may(life, role, "write an entry")
    if not allowed or not entries or not isinstance(store, VersionedAuditStore):
        return
    key = life.random.choice(entries)
    told = json.loads(store.get(key))
    others = [version.number for version in known.versions(life.world, MODEL)]
    told["details"] |= {"version": life.random.choice(others)} if others else {}
    store.write_over(key, json.dumps(told).encode())


def approve_from_within(life: Life) -> None:
    """Who took over `training_completed` writes an approval where it may write, and has somebody bring it up."""
    store = life.world.audit.store
    if not (names := waiting(life)) or not isinstance(store, VersionedAuditStore):
        return
    name, own = life.random.choice(names), life.random.choice(("jobs", "requests"))
    version = next((each for each in on_record(life) if each.tag("release_id") == name), None)
    if version is None:
        return
    counted(life, "A function taken over", "write an approval below the own prefix", allowed=True)
    details = {"version": version.number}
    entry = AuditEntry(model=MODEL, subject=name, what="executed", at=life.cloud.now, who="zoe", details=details)
    key = chain.entry_key(entry).replace("audit/executions/", f"audit/{own}/")
    store.s3.put_object(Key=key, Body=chain.entry_body(entry))
    make(life, "way back", "home-", version)


def train_foreign(life: Life) -> None:
    """A trainer trains an honest-looking model by what isn't the settings' image, or not by its own program."""
    if not may(life, any_role(life, "train"), "train"):
        return
    life.jobs += 1
    who = life.random.choice(PEOPLE)
    changes = life.random.choice(
        (
            {"image": f"evil.example/x@sha256:{'a' * 64}"},
            {"entrypoint": ("sh",)},
            {"environment": {"PYTHONPATH": "/x"}},
            {"tags": {"atoll:uid": who, "Atoll:Uid": "zoe", "atoll:model": MODEL}},
        )
    )
    done = job(f"job-{life.jobs}", submitter=who, ended=life.cloud.now, **changes)
    life.world.finish(done, life.world.trained(0.99))
    detail = {"TrainingJobName": done.name, "TrainingJobStatus": "Completed"}
    life.post("training_completed", life.cloud.event("aws.sagemaker", "SageMaker Training Job State Change", detail))
    life.say(f"{who} trains {done.name} with {sorted(changes)}")


ACTS: tuple[Callable[[Life], None], ...] = (
    *[execute] * 6,
    *[bring] * 3,
    own_endpoint,
    delete,
    *[approve_falsely] * 2,
    *[ask_back] * 2,
    take_away,
    reach_out,
    write_over,
    approve_from_within,
    train_foreign,
)
