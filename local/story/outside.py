"""What the world looks like from the outside: what serves, what it answers, what MLflow and the audit record say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from botocore.exceptions import ClientError

from local.story.scene import AUDITOR, ENDPOINT_STACK, MODEL, OPERATOR, expect
from local.story.serving_steps import TOLERANCE, held_back, invoke, released_model
from local.story.waiting import wait_for

if TYPE_CHECKING:
    from local.story.scene import Scene

WITNESSES = 20
"""So many held-back transactions are asked of the endpoint; on one alone, two models may well agree."""


def serving(scene: Scene) -> list[str]:
    """The endpoints that exist."""
    return [item["EndpointName"] for item in scene.administrator.client("sagemaker").list_endpoints()["Endpoints"]]


def expect_champion(scene: Scene, version: str) -> None:
    """MLflow's copy of the record shows a version as the champion; its alias is written last, after all tags.

    Raises:
        StoryError: it does not, in time.
    """

    def look() -> bool | None:
        return scene.registry.get_registered_model(MODEL).aliases.get("champion") == version or None

    wait_for(look, f"MLflow to show v{version} as the champion")


def expect_serves(scene: Scene, version: str) -> list[float]:
    """A version is the champion, and the endpoint answers with the scores of its own model; returns these.

    Raises:
        StoryError: one of it is not so.
    """
    expect_champion(scene, version)
    expect(scene.outputs["EndpointName"] in serving(scene), "The endpoint is gone.")
    booster, columns = released_model(scene)
    rows = held_back(scene).tail(WITNESSES)[columns].to_numpy(dtype=np.float32)
    runtime = scene.person(OPERATOR).client("sagemaker-runtime")
    answers = np.array([invoke(scene, runtime, row)["score"] for row in rows])
    difference = float(np.abs(answers - booster.inplace_predict(rows)).max())
    expect(difference <= TOLERANCE, f"The endpoint does not answer as {MODEL} v{version} does: off by {difference}.")
    return answers.tolist()


def expect_champion_serves(scene: Scene) -> list[float]:
    """The version that the story's first release made the champion serves; returns its scores (`expect_serves`)."""
    return expect_serves(scene, scene.narrator.facts("settle")["champion"])


def expect_other_scores(scene: Scene, one: list[float], other: list[float]) -> None:
    """Two versions' scores differ, so that the endpoint's answers tell which of them serves.

    Raises:
        StoryError: they are the same.
    """
    difference = float(np.abs(np.array(one) - np.array(other)).max())
    expect(difference > TOLERANCE, f"Two versions of {MODEL} give the same scores on {scene.ledger.file.name}.")


def waiting_change_sets(scene: Scene) -> set[str]:
    """The change sets of the endpoint's stack that can be executed."""
    client = scene.administrator.client("cloudformation")
    pages = client.get_paginator("list_change_sets").paginate(StackName=ENDPOINT_STACK)
    return {
        item["ChangeSetName"] for page in pages for item in page["Summaries"] if item["ExecutionStatus"] == "AVAILABLE"
    }


def has_change_set(scene: Scene, name: str) -> bool:
    """Whether CloudFormation knows a change set of this name."""
    client = scene.administrator.client("cloudformation")
    try:
        client.describe_change_set(StackName=ENDPOINT_STACK, ChangeSetName=name)
    except ClientError as error:
        if "NotFound" in error.response["Error"]["Code"]:
            return False
        raise
    return True


def is_restored(scene: Scene, release: str) -> bool:
    """Whether the endpoint's stack is at rest with a release's parameters."""
    stack = scene.stack()
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    return stack["StackStatus"] == "UPDATE_COMPLETE" and parameters["ReleaseId"] == release


def audited(scene: Scene, subject: str, what: str, *, begins: bool = False) -> dict[str, Any]:
    """The newest audit entry about a release or a change set that says `what`, read by the auditor.

    Where the subject's name can't be known, it `begins` with what is given.

    Raises:
        StoryError: there is none in time.
    """
    s3, bucket = scene.person(AUDITOR).client("s3"), scene.outputs["AuditBucket"]

    def look() -> dict[str, Any] | None:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="audit/")
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        about = f"/{subject}" if begins else f"/{subject}/"
        found = [key for key in keys if about in key and f"-{what}-" in key]
        return json.load(s3.get_object(Bucket=bucket, Key=max(found))["Body"]) if found else None

    return wait_for(look, f"the audit entry `{what}` of {subject}")
