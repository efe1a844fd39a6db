"""What must not stay: an approval by the submitter, a model that learned nothing or does not start, a swapped file."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from local.cloud import ACCOUNT, REGION
from local.story.data_steps import read_json
from local.story.decision_steps import challenger, expect_state
from local.story.outside import audited, expect_champion_serves, has_change_set, is_restored
from local.story.release_steps import Training, features_uri, registered_version, settled_stack, train
from local.story.scene import APPROVER, ENDPOINT_STACK, MODEL, TRAINER, expect
from local.story.serving_steps import read_object
from local.story.typed import WAIT, not_done
from local.story.waiting import wait_for

if TYPE_CHECKING:
    from local.story.mailbox import Mailbox
    from local.story.narrator import Facts
    from local.story.scene import Scene

TOO_LARGE = {"n_estimators": 1500, "max_depth": 10, "learning_rate": 0.01, "early_stopping_rounds": 0}


def approved_by_submitter(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """Somebody who holds CDK's deploy role too approves their own model: it is noticed, undone and told.

    IAM denies it in every role of the platform (step `deny`), but nothing of ours stands above CDK's own role. The
    challenger that waits has lost its change set to the releases before; the reconciler asks for it again.
    """
    number, release = challenger(scene, 2)
    expect(not has_change_set(scene, release), f"The change set of {release} should be gone: another was executed.")
    ask_again(scene)
    wait_for(lambda: True if has_change_set(scene, release) else None, f"{release} to be requested again")
    deployer = scene.cloud.session(assume_deploy_role(scene, TRAINER.uid))
    deployer.client("cloudformation").execute_change_set(StackName=ENDPOINT_STACK, ChangeSetName=release)
    entry = audited(scene, release, "separation_of_duties_violated")
    expect(entry["who"] == TRAINER.uid, f"The audit record says that {entry['who']} executed {release}.")
    alarm = f"ALARM: {MODEL} v{number} was approved by its submitter"
    mailbox.wait_for(lambda m: m["subject"] == alarm, f"the message {alarm!r}")
    version = expect_state(scene, number, "rolled_back")
    former = scene.narrator.facts("register")["release"]
    wait_for(lambda: True if is_restored(scene, former) else None, f"the way back to {former}")
    expect_champion_serves(scene)
    facts.update(version=number, release=release, who=entry["who"], alarm=alarm, reason=version.tags["atoll.reason"])
    facts["champion"] = scene.champion_version()
    facts["told"] = f"{TRAINER.uid} approved v{number} by CDK's deploy role: alarm, and v{facts['champion']} serves on"


def ask_again(scene: Scene) -> None:
    """Have the reconciler run now; its timetable would, within a quarter of an hour."""
    event = {
        "id": "story", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {},
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    name = scene.outputs["ReconcileFunction"]
    answer = scene.administrator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    expect("FunctionError" not in answer, f"The reconciler failed: {answer['Payload'].read()[-2000:]!r}")


def assume_deploy_role(scene: Scene, uid: str) -> dict[str, str]:
    """The credentials with which a person deploys by the CDK, under their own name."""
    name = f"cdk-hnb659fds-deploy-role-{ACCOUNT}-{REGION}"
    role = scene.administrator.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    return scene.administrator.client("sts").assume_role(RoleArn=role, RoleSessionName=uid)["Credentials"]


def ruined_labels(scene: Scene, facts: Facts) -> None:
    """Train on shuffled labels: the gate refuses the version, and nobody is asked to approve it."""
    job = train(scene, "ruined", Training(ruin_labels(scene)))
    version = registered_version(scene, job["TrainingJobArn"], {"refused"})
    expect("atoll.release_id" not in version.tags, "A refused version must not have a release.")
    expect_champion_serves(scene)
    facts.update(version=version.version, reason=version.tags["atoll.reason"])
    facts["told"] = f"v{version.version} refused: {facts['reason']}"


def ruin_labels(scene: Scene) -> str:
    """Shuffle the labels that the model learns from (not those of the test) and write an honest manifest over them."""
    s3, bucket = scene.person(TRAINER).client("s3"), scene.outputs["DataBucket"]
    source, target = f"features/{scene.run}", f"experiments/{scene.run}/ruined"
    manifest = read_json(scene, f"{source}/manifest.json")
    random = np.random.default_rng(7)
    for name, entry in manifest["objects"].items():
        body = read_object(scene, f"{source}/{name}")
        if name != "test.parquet":
            table = pd.read_parquet(io.BytesIO(body))
            table["label"] = random.permutation(table["label"].to_numpy())
            body = table.to_parquet(index=False)
            entry.update(sha256=hashlib.sha256(body).hexdigest(), bytes=len(body))
        s3.put_object(Bucket=bucket, Key=f"{target}/{name}", Body=body)
    s3.put_object(Bucket=bucket, Key=f"{target}/manifest.json", Body=json.dumps(manifest).encode())
    return f"s3://{bucket}/{target}/"


def tampered_artifact(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """Swap the model inside a finished job's artifact: it is refused before registration.

    An attacker would have to be faster than the event; here the rule is switched off during the swap,
    and the event delivered by hand.
    """
    events, functions = scene.administrator.client("events"), scene.administrator.client("lambda")
    events.disable_rule(Name=scene.outputs["TrainingCompletedRule"])
    try:
        job = train(scene, "tampered", Training(features_uri(scene), {"seed": 11}))
        swap_model(scene, job["ModelArtifacts"]["S3ModelArtifacts"])
    finally:
        events.enable_rule(Name=scene.outputs["TrainingCompletedRule"])
    name = job["TrainingJobName"]
    functions.invoke(
        FunctionName=scene.outputs["TrainingCompletedFunction"],
        InvocationType="Event",
        Payload=json.dumps(completed_event(job)),
    )
    note = mailbox.wait_for(
        lambda m: name in m["text"] and "refused" in (m["subject"] + m["text"]).lower(), f"the refusal of {name}"
    )
    expect(scene.version_of_job(job["TrainingJobArn"]) is None, f"The tampered artifact of {name} was registered.")
    expect("has 2 versions" in note["text"], f"The refusal doesn't say that somebody else wrote: {note['text']}")
    expect_champion_serves(scene)
    facts.update(job=name, subject=note["subject"], message=note["text"])
    facts["told"] = f"{name}: somebody wrote over SageMaker's archive; nothing was registered"


def swap_model(scene: Scene, uri: str) -> None:
    """Change one byte of model.ubj inside the archive, leaving its manifest as it was."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3 = scene.administrator.client("s3")
    packed = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(packed)) as source, tarfile.open(fileobj=out, mode="w") as target:
        for item in source.getmembers():
            content = source.extractfile(item)
            body = content.read() if content else b""
            if item.name.endswith("model.ubj"):
                body = body[:-1] + bytes([body[-1] ^ 1])
            target.addfile(item, io.BytesIO(body))
    s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(out.getvalue(), mtime=0))


def completed_event(job: dict[str, Any]) -> dict[str, Any]:
    """The event that EventBridge delivers for a completed job."""
    return {
        "version": "0",
        "id": f"story-{job['TrainingJobName']}",
        "detail-type": "SageMaker Training Job State Change",
        "source": "aws.sagemaker",
        "account": ACCOUNT,
        "time": job["TrainingEndTime"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [job["TrainingJobArn"]],
        "detail": {key: job[key] for key in ("TrainingJobName", "TrainingJobArn", "TrainingJobStatus")},
    }


def does_not_start(scene: Scene, facts: Facts) -> None:
    """Release a model that is larger than the endpoint allows: never healthy, so the stack rolls back."""
    job = train(scene, "too-large", Training(features_uri(scene), TOO_LARGE))
    version = registered_version(scene, job["TrainingJobArn"], {"requested"})
    release = version.tags["atoll.release_id"]
    told = not_done(scene, APPROVER, "approve", release, "--yes", *WAIT, because="UPDATE_ROLLBACK_COMPLETE")
    stack = settled_stack(scene, release)
    expect(
        stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", f"The stack is {stack['StackStatus']}, expected a rollback."
    )
    version = registered_version(scene, job["TrainingJobArn"], {"rolled_back"})
    expect_champion_serves(scene)
    facts.update(
        version=version.version, release=release, stack=stack["StackStatus"], reason=version.tags["atoll.reason"]
    )
    facts.update(champion=scene.champion_version(), approver_told=told)
    facts["told"] = f"v{version.version} did not start and was rolled back; v{facts['champion']} goes on serving"
