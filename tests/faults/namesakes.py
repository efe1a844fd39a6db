"""What bears another's name: a job that was started in a colleague's, a change set under a waiting release's.

IAM lets nobody do either; in lives with wider policies (`rights.WIDER`) the second line must hold: who called, by the
trail, and the ARN of what ran.
"""

from datetime import timedelta

from lambdas.release.decisions import release_of
from tests.fakes.cloud import ChangeSet
from tests.fakes.release import MODEL, job
from tests.faults.acts import any_role, make, may, on_record, waiting
from tests.faults.crashing import Fate
from tests.faults.deeds import PEOPLE
from tests.faults.life import Letter, Life


def train_as_another(life: Life) -> None:
    """Somebody starts a job under a colleague's tag, and approves the model."""
    who, named = life.random.sample(PEOPLE, 2)
    call = "train in another's name"
    if not may(life, any_role(life, call), call, ("RT-04", call)):
        return
    life.jobs += 1
    now = life.cloud.now
    times = {"created": now - timedelta(minutes=6), "started": now - timedelta(minutes=5), "ended": now}
    done = job(f"job-{life.jobs}", submitter=named, **times)
    life.starters[done.name] = who
    life.world.finish(done, life.world.trained(0.95), who)
    detail = {"TrainingJobName": done.name, "TrainingJobStatus": "Completed"}
    ended = life.cloud.event("aws.sagemaker", "SageMaker Training Job State Change", detail)
    life.say(f"{who} trains {done.name} as {named}")
    life.run(Letter("training_completed", ended), Fate())
    version = next((each for each in on_record(life) if each.job == done.name), None)
    call = "execute another's release"
    if version and version.tag("release_id") in waiting(life) and may(life, "Approver", call):
        life.cloud.execute(MODEL, version.tag("release_id"), who=who, role="Approver")
        life.approvals.append((version.number, who))


def take_a_name(life: Life) -> None:
    """Somebody puts what was approved before under a waiting release's name, and has it executed by that name.

    Before a function has looked, the release itself is brought up as a way back.
    """
    former = [v for v in on_record(life) if v.tag("crowned") and release_of(v) != life.cloud.release]
    if not (names := waiting(life)) or not former or life.cloud.moving:
        return
    name = life.random.choice(names)
    calls = ("delete another's release", "make a release")
    step = ("RT-03", "name a change set after a waiting release")
    role = any_role(life, *calls)
    if not all(may(life, role, call, step) for call in calls) or not may(life, "Approver", "execute another's release"):
        return
    version = next(each for each in on_record(life) if each.tag("release_id") == name)
    other = life.random.choice(former)
    life.cloud.delete(MODEL, name, who="olga")
    life.cloud.place(name, ChangeSet(release_of(other), None), who="olga", role=role)
    who = life.random.choice([each for each in PEOPLE if each not in name.split("-")])
    life.cloud.execute(MODEL, name, who=who, role="Approver")
    life.approvals.append((other.number, who))
    life.say(f"{who} executes what bears the name of {name}")
    life.cloud.finish()
    make(life, "way back", "home-", version)
