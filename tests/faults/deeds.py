"""What happens in a life: each deed is one thing that a person, AWS or bad luck does, where it is possible at all."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

from lambdas.release.decisions import release_of
from lambdas.release.records import HOME
from tests.fakes.cloud import RefusedByCloudFormationError
from tests.fakes.release import MODEL, job
from tests.fakes.stack import template
from tests.faults.crashing import Fate
from tests.faults.life import TRIES, Letter, Life

PEOPLE = ("ann", "bob", "cid")
KINDS = (*["good"] * 8, "poor", "broken", "failed", "twin")
GOOD_DAYS = 3  # at most, in a life
A_MINUTE = timedelta(minutes=1)
MINUTES = (1, 5, 20, 300, 3 * 1440, 16 * 1440)


def train(life: Life, kinds: Sequence[str] = KINDS) -> None:
    """A person trains: mostly an honest model, else one that learned nothing, a broken archive, a failed job."""
    life.jobs += 1
    submitter, kind = life.random.choice(PEOPLE), life.random.choice(kinds)
    now = life.cloud.now
    done = job(
        f"job-{life.jobs}", submitter=submitter, created=now - 6 * A_MINUTE, started=now - 5 * A_MINUTE, ended=now
    )
    value = 0.8 if kind == "twin" else 0.8 + life.random.randint(1, 999) / 1e6
    packed = b"no archive" if kind == "broken" else life.world.trained(0.1 if kind == "poor" else value)
    life.world.finish(done, packed)
    life.poor |= {done.name} if kind == "poor" else set()
    status = "Failed" if kind == "failed" else "Completed"
    life.world.jobs.statuses[done.name] = status
    detail = {"TrainingJobName": done.name, "TrainingJobStatus": status}
    life.post("training_completed", life.cloud.event("aws.sagemaker", "SageMaker Training Job State Change", detail))
    life.say(f"{submitter} trains {done.name} ({kind})")


def approve(life: Life, *, honest: bool = False) -> None:
    """Somebody executes a waiting release: another person, or (policies were changed) its submitter.

    A good model that waits is approved by another person where all is `honest`.
    """
    waiting = [name for name in life.cloud.sets if name.startswith("r-by-") and life.cloud.waits(MODEL, name)]
    if not waiting or life.cloud.moving:
        return
    name = life.random.choice(waiting)
    submitter = name.split("-")[2]
    others = [each for each in PEOPLE if each != submitter]
    who = submitter if not honest and life.random.randint(1, 100) <= 15 else life.random.choice(others)
    life.cloud.execute(MODEL, name, who=who)
    life.approvals.append((life.cloud.sets[name].release.version, who))
    if not honest and life.random.randint(1, 100) <= 15:
        life.cloud.broken.add(life.cloud.sets[name].release.manifest_sha256)
    life.say(f"{who} executes {name}")


def reject(life: Life) -> None:
    """An approver leaves a reason and deletes the change set; sometimes somebody deletes it without one."""
    waiting = [name for name in life.cloud.sets if name.startswith("r-by-") and life.cloud.waits(MODEL, name)]
    if not waiting:
        return
    name = life.random.choice(waiting)
    if life.random.randint(1, 100) <= 70:
        body = json.dumps({"release": name, "reason": "not convincing"}).encode()
        life.world.audit.store.put(f"reasons/{MODEL}/{name}.json", body)
    life.cloud.delete(MODEL, name, who="bob")
    life.say(f"bob deletes {name}")


def finish(life: Life) -> None:
    """CloudFormation ends the operation under way."""
    if life.cloud.moving and life.cloud.now >= life.held_until:
        outcome = life.random.choice(["done"] * 5 + ["failed", "failed", "reverted"])
        life.say(f"{life.cloud.moving[0] or 'UpdateStack'}: {outcome}")
        life.cloud.finish(outcome)


def go_back(life: Life) -> None:
    """An operator asks for a former champion, for a stop, or for what nobody approved."""
    kind = life.random.choice(["former", "former", "stop", "unapproved"])
    if kind == "stop":
        ask(life, "")
        return
    states = ("superseded",) if kind == "former" else ("requested", "refused", "rejected", "expired")
    if found := [v for v in life.versions(*states) if v.tag("release_id")]:
        ask(life, life.random.choice(found).tag("release_id"))


def usurp(life: Life) -> None:
    """Whoever took over a function that goes back brings up what nobody approved, under a name that only it may use."""
    states = ("requested", "refused", "rejected", "expired")
    found = [v for v in life.versions(*states) if v.tag("release_id")]
    if not found or life.cloud.moving:
        return
    version = life.random.choice(found)
    if made := life.cloud.prepare(MODEL, f"{HOME}to-v{version.number}", release_of(version), "taken over"):
        life.cloud.execute(MODEL, made)
        life.say(f"a function that was taken over executes {made}")


def ask(life: Life, release: str) -> None:
    """An operator asks the platform, which may die over it; the trail tells later who it was."""
    life.say(f"olga asks for {release or 'a stop'}")
    wanted = {"model": MODEL, "release": release, "reason": "a life's"}
    event = life.cloud.event("people", "ask", wanted)
    life.run(Letter("way_back_asked", event, tries=TRIES), fate(life))
    call = {
        "eventName": "Invoke",
        "requestID": event["id"],
        "requestParameters": {"functionName": "WayBackAsked"},
        "userIdentity": {"arn": "arn:x:sts::1:assumed-role/Operator/olga"},
    }
    life.post("function_invoked", life.cloud.event("aws.lambda", "AWS API Call via CloudTrail", call))


def deploy(life: Life) -> None:
    """`cdk deploy` brings a template, by a change set or directly."""
    if not life.cloud.moving:
        life.templates.append(template(f"deployment {len(life.told)}"))
        direct = life.random.randint(1, 100) <= 30
        life.cloud.deploy(life.templates[-1], direct=direct)
        life.say(f"cdk deploy{' --method=direct' if direct else ''}")


def intrude(life: Life) -> None:
    """Whoever took over the pipeline puts another template into a release that waits; the approver doesn't look."""
    for change_set in life.cloud.sets.values():
        if change_set.status == "AVAILABLE" and change_set.template is None:
            change_set.template = template("evil")
            life.say("a template is swapped")
            return


def good_day(life: Life) -> None:
    """A model goes its whole way: trained, asked for, approved by another person, brought up; nobody dies meanwhile.

    Without such days few lives have a champion, and hardly one has two. Only with the first few a life shows more.
    """
    if life.good_days == GOOD_DAYS:
        return
    life.good_days += 1
    life.calm()
    train(life, kinds=["good"])
    life.calm()
    if life.cloud.lag:  # who started the job is known when the reconciler comes again
        life.cloud.passes(15 * A_MINUTE)
        life.reconcile()
        life.calm()
    approve(life, honest=True)
    life.calm()


def time_passes(life: Life) -> None:
    """Time passes: minutes, hours, or more than approvers have."""
    minutes = life.random.choice(MINUTES)
    if minutes > 1440:
        life.reconcile(fate(life))
        life.reconcile()
        for letter in list(life.mail):
            life.run(letter, fate(life))
    life.cloud.passes(timedelta(minutes=minutes))


def deliver(life: Life) -> None:
    """An event arrives: any one of those under way, once or twice; its function may die or be overtaken."""
    life.collect()
    if not life.mail:
        return
    letter = life.random.choice(life.mail)
    if life.random.randint(1, 100) <= 10:
        life.mail.append(Letter(letter.function, letter.event))
        life.say(f"{letter.function} comes twice")
    life.run(letter, fate(life))


def lose(life: Life) -> None:
    """An event never arrives."""
    life.collect()
    if life.mail:
        letter = life.mail.pop(life.random.randrange(len(life.mail)))
        life.lost += 1
        life.say(f"{letter.function} is lost")


def heal(life: Life) -> None:
    """The reconciler runs, under a fate of its own."""
    life.reconcile(fate(life))


def fate(life: Life) -> Fate:
    """Half the time nothing; else the function dies at some call, or something happens during it."""
    chance = life.random.randint(1, 100)
    if chance <= 25:
        return Fate(moment=life.random.randint(1, 90))
    if chance <= 40 and life.aim:
        return Fate(aim=frozenset(life.random.choices(life.aim, k=9)))
    if chance <= 55:
        deed = life.random.choice(life.meanwhile or MEANWHILE)
        return Fate(moment=life.random.randint(1, 60), meanwhile=lambda: attempt(life, deed))
    return Fate()


def attempt(life: Life, deed: Callable[[Life], None]) -> None:
    """Do a deed; what CloudFormation does not take does not happen."""
    life.cloud.passes(timedelta(seconds=1))
    try:
        deed(life)
    except RefusedByCloudFormationError as refusal:
        life.say(f"CloudFormation refuses {refusal}")


MEANWHILE = (approve, finish, reject, go_back, deliver, deploy)
DEEDS = (
    *[good_day] * 1,
    *[train] * 3,
    *[approve] * 4,
    *[finish] * 6,
    *[deliver] * 12,
    *[lose] * 1,
    *[reject] * 1,
    *[go_back] * 1,
    *[usurp] * 1,
    *[deploy] * 1,
    *[intrude] * 1,
    *[time_passes] * 3,
    *[heal] * 2,
)
