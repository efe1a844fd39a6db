"""Synthesize, start the local AWS, deploy everything, and take it all down again."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

import requests
from botocore.exceptions import ClientError

from local.cloud import ACCOUNT, REGION
from local.story.logs import save_logs
from local.story.processes import processes_of, run, watching
from local.story.scene import ASSEMBLY, ROOT, expect
from local.story.waiting import StoryError

if TYPE_CHECKING:
    from local.story.narrator import Facts
    from local.story.scene import Scene


def synthesize(scene: Scene, facts: Facts) -> None:
    """Synthesize the local environment once; every later CDK call uses this assembly."""
    shutil.rmtree(ASSEMBLY, ignore_errors=True)
    command = ["cdk", "synth", "--quiet", "--no-notices", "--output", str(ASSEMBLY)]
    run(command, environment=scene.cloud.environment, log=scene.cloud.folder / "logs" / "cdk-synth.log")
    templates = sorted(path.name.removesuffix(".template.json") for path in ASSEMBLY.glob("*.template.json"))
    facts.update(templates=templates, assembly=ASSEMBLY.relative_to(ROOT), told=f"{len(templates)} stacks")


def start(scene: Scene, facts: Facts) -> None:
    """Start the local AWS: loopback only, TLS on, and closed to who has no keys of the account."""
    scene.cloud.start()
    identity = scene.administrator.client("sts").get_caller_identity()
    stranger = refused_stranger(scene)
    facts.update(
        endpoint=scene.cloud.endpoint,
        account=identity["Account"],
        tls=scene.cloud.endpoint.startswith("https://127.0.0.1:"),
        stranger=stranger,
        told=f"{scene.cloud.endpoint}, TLS on; unknown keys are refused",
    )


def refused_stranger(scene: Scene) -> str:
    """The words with which the local AWS refuses keys that the account doesn't know.

    Raises:
        StoryError: it lets them in.
    """
    unknown = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "unknown"}
    try:
        scene.cloud.client("sts", unknown).get_caller_identity()
    except ClientError as error:
        return error.response["Error"]["Message"]
    raise StoryError(f"The local AWS at {scene.cloud.endpoint} answers keys that it doesn't know.")


def bootstrap(scene: Scene, facts: Facts) -> None:
    """Make ECS's linked role, as the preflight asks, and run `cdk bootstrap` with the pinned CLI."""
    scene.cloud.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    rights = ("--cloudformation-execution-policies", "arn:aws:iam::aws:policy/AdministratorAccess")
    scene.cloud.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", *rights, assembly=ASSEMBLY)
    facts["told"] = "CDKToolkit"


def deploy(scene: Scene, facts: Facts) -> None:
    """Run `cdk deploy --all`: every stack in the first go, before any model exists."""
    with watching(scene.narrator, partial(stacks_so_far, scene)):
        scene.cloud.cdk("deploy", "--all", "--concurrency", "4", "--require-approval", "never", assembly=ASSEMBLY)
    scene.read_outputs()
    stacks = stack_statuses(scene)
    endpoints = scene.administrator.client("sagemaker").list_endpoints()["Endpoints"]
    expect(not endpoints, f"No endpoint should exist before the first release, but {endpoints} do.")
    facts.update(stacks=stacks, endpoints_before_release=len(endpoints))
    facts["resources"] = count_resources(scene)
    facts["told"] = f"{len(stacks)} stacks, {facts['resources']} resources; no endpoint yet"


def stack_statuses(scene: Scene) -> dict[str, str]:
    """Atoll's stacks and their statuses."""
    pages = scene.administrator.client("cloudformation").get_paginator("describe_stacks").paginate()
    return {
        stack["StackName"]: stack["StackStatus"]
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"].startswith("Atoll-")
    }


def stacks_so_far(scene: Scene) -> str:
    """Which of Atoll's stacks are being worked on."""
    statuses = stack_statuses(scene)
    busy = [name.removeprefix("Atoll-") for name, status in statuses.items() if status.endswith("_IN_PROGRESS")]
    return f"{', '.join(busy)} ({len(statuses)} stacks exist)" if busy else f"{len(statuses)} stacks exist"


def count_resources(scene: Scene) -> int:
    """How many resources Atoll's stacks hold."""
    client = scene.administrator.client("cloudformation")
    pages = (client.get_paginator("list_stack_resources").paginate(StackName=name) for name in stack_statuses(scene))
    return sum(len(page["StackResourceSummaries"]) for stack in pages for page in stack)


def tracking(scene: Scene, facts: Facts) -> None:
    """See that the MLflow server answers its user and nobody else."""
    url = scene.outputs["TrackingUrl"]
    trust = str(scene.cloud.certificates.authority)
    health, anonymous = (
        requests.get(url + path, verify=trust, timeout=30).status_code for path in ("/health", "/version")
    )
    experiments = scene.registry.search_experiments()
    expect(health == 200 and anonymous == 401, f"MLflow at {url} answered {health} and, without a user, {anonymous}.")  # noqa: PLR2004
    facts.update(url=url, health=health, anonymous=anonymous, experiments=len(experiments))
    facts["told"] = f"{url}: healthy; without a user 401"


def teardown(scene: Scene, facts: Facts) -> None:
    """Run `cdk destroy --all`, list what is retained on purpose, stop the local AWS and look for processes left."""
    with watching(scene.narrator, partial(stacks_so_far, scene)):
        scene.cloud.cdk("destroy", "--all", "--force", "--concurrency", "4", assembly=ASSEMBLY)
    left = {name: status for name, status in stack_statuses(scene).items() if status != "DELETE_COMPLETE"}
    expect(not left, f"These stacks should be gone: {left}")
    retained = retained_resources(scene)
    save_logs(scene.administrator, scene.cloud.folder / "logs" / "cloudwatch")
    scene.cloud.stop()
    running = processes_of(scene.cloud.folder)
    expect(not running, f"These processes should have ended: {running}")
    facts.update(retained=retained, processes_left=len(running))
    facts["told"] = f"all stacks are gone and nothing runs; retained on purpose: {', '.join(retained) or 'nothing'}"


def retained_resources(scene: Scene) -> list[str]:
    """What outlives the stacks: buckets and keys that the account still has."""
    buckets = scene.administrator.client("s3").list_buckets()["Buckets"]
    logs = scene.administrator.client("logs").describe_log_groups()["logGroups"]
    names = [f"bucket {bucket['Name']}" for bucket in buckets if "cdk-" not in bucket["Name"]]
    return sorted(names + [f"log group {group['logGroupName']}" for group in logs])
