"""A model is moved here: somebody copies a sealed archive, somebody asks for it, somebody else approves its release.

The settings name lawful ones. In lives with wider policies somebody lays a foreign archive there as well.
"""

import hashlib
import io
import tarfile

from lambdas.release import moved
from tests.fakes.artifacts import archive, metrics
from tests.fakes.release import MODEL
from tests.fakes.stack import identity
from tests.faults.acts import any_role, counted, may, on_record, waiting
from tests.faults.crashing import Fate
from tests.faults.deeds import PEOPLE
from tests.faults.life import Letter, Life
from tests.faults.rights import DEPLOYER

SIZE = 1_000_000  # a figure of quality is drawn out of so many, so that no two archives are alike


def copy_archive(life: Life) -> str:
    """Lay a sealed archive where released ones lie; return its manifest's hash, empty where nobody may."""
    named = life.random.random() < 0.5
    role = DEPLOYER if named else any_role(life, "write a released archive")
    if not named and not may(life, role, "write a released archive"):
        return ""
    champion = next((version for version in on_record(life) if version.state == "released"), None)
    compared = (champion.tag("manifest_sha256"), 0.8) if champion else None
    packed = archive(metrics_json=metrics(0.81 + life.random.randrange(SIZE) / SIZE / 10, compared))
    sha = sha_in(packed)
    life.world.artifacts.released[MODEL, sha] = packed
    if named:
        counted(life, role, "name a moved archive in the settings", allowed=True)
        name_in_settings(life, sha)
    return sha


def name_in_settings(life: Life, sha: str) -> None:
    """A deployment whose settings name a moved archive."""
    settings = life.world.settings
    more = settings.model_copy(update={"moved_manifests": (*settings.moved_manifests, sha)})
    object.__setattr__(life.world, "settings", more)


def sha_in(packed: bytes) -> str:
    """The sha256 of an archive's manifest."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as members:
        found = members.extractfile("manifest.json")
        assert found
        return hashlib.sha256(found.read()).hexdigest()


def ask_again(life: Life, sha: str, who: str, role: str) -> str:
    """Somebody asks the platform for a moved archive, and the trail tells who; return what stands in a job's place."""
    request = f"asked-{len(life.told)}"
    wanted = {"ask_again": MODEL, "manifest_sha256": sha, "reason": "a life's"}
    event = life.cloud.event("people", "ask", wanted) | {"id": request}
    life.run(Letter("reconcile", event), Fate())
    call = {
        "eventName": "Invoke",
        "requestID": request,
        "requestParameters": {"functionName": "Reconcile"},
        "userIdentity": identity(who, role),
    }
    life.post("function_invoked", life.cloud.event("aws.lambda", "AWS API Call via CloudTrail", call))
    life.askers[f"{moved.PREFIX}{request}"] = (who, role)
    return f"{moved.PREFIX}{request}"


def move_in(life: Life) -> None:
    """Somebody asks for an archive that was copied here; at once, or as things go, its release is executed."""
    if not (sha := copy_archive(life)):
        return
    call, who = "ask for a moved model", life.random.choice((*PEOPLE, "Ann"))
    foreign = sha not in life.world.settings.moved_manifests  # whoever went so far finds an approver to ask
    role = "Approver" if foreign else any_role(life, call)
    if not may(life, role, call):
        return
    name = ask_again(life, sha, who, role)
    if life.random.random() < 0.5 and not foreign:
        return
    for function in ("function_invoked", "training_completed"):
        for letter in [each for each in life.mail if each.function == function]:
            life.run(letter, Fate())
        life.reconcile()
    version = next((each for each in on_record(life) if each.job == name), None)
    other = life.random.choice([each for each in PEOPLE if each != who.casefold()])
    call = "execute another's release"
    if version and version.tag("release_id") in waiting(life) and may(life, "Approver", call):
        life.cloud.execute(MODEL, version.tag("release_id"), who=other, role="Approver")
        life.approvals.append((version.number, other))


def unlawful_move(life: Life, name: str, sha: str) -> str | None:
    """Why a moved model must not serve: its archive wasn't named in the settings, or no approver asked for it."""
    who, role = life.askers[name]
    if sha not in life.world.settings.moved_manifests:
        return f"{name} serves {sha}, which no settings name"
    return None if role == "Approver" and who.islower() else f"{name} was asked for by {who}, a session of {role}"
