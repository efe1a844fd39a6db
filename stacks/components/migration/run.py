"""Runs as a Lambda function: a snapshot of the database, then the migration's task definition as one ECS task.

CloudFormation's custom resource waits for it. The function answers in any case, before its own time is up.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import boto3

POLL_SECONDS = 10
RESERVE_SECONDS = 30
"""What is left of the function's time for the answer to CloudFormation."""


class MigrationError(Exception):
    """The database wasn't migrated; the message stands in the stack's events and says what to do."""


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - Lambda's context has no static type
    """Answer CloudFormation's request for the custom resource; on deletion the database stays as it is."""
    status, reason = "SUCCESS", "nothing to do"
    try:
        if event["RequestType"] != "Delete":
            clients = {name: boto3.client(name) for name in ("cloudformation", "rds", "ecs")}
            deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
            reason = migrate(event, clients, Waiting(deadline))
    except Exception as error:  # noqa: BLE001 - whatever failed, CloudFormation must hear of it
        status, reason = "FAILED", str(error) if isinstance(error, MigrationError) else repr(error)
    _answer(event, status, reason)


def migrate(event: dict[str, Any], clients: dict[str, Any], waiting: "Waiting") -> str:
    """Take the snapshot (a new database has nothing to keep) and run the task; gives a sentence about it.

    A stack that rolls back asks with its former image, which knows only the former schema: nothing is run then.
    Delivering one request twice does nothing twice: names and tokens come from it.

    Raises:
        MigrationError: The snapshot or the task failed, or didn't end in time.
    """
    plan = event["ResourceProperties"]["Migration"]
    if _rolls_back(clients["cloudformation"], event["StackId"]):
        return "the stack rolls back: the schema is left as it is"
    if event["RequestType"] == "Update":
        snapshot = f"{plan['SnapshotPrefix']}-{event['RequestId'][:8]}"
        keep_snapshot(clients["rds"], plan["Database"], snapshot, waiting)
    return run_task(clients["ecs"], plan, event["RequestId"], waiting)


class Waiting:
    """Asks again until something is done or the deadline (of the monotonic clock) has passed."""

    def __init__(self, deadline: float, pause: Callable[[float], None] = time.sleep) -> None:
        self._deadline = deadline
        self._pause = pause

    def until(self, done: Callable[[], bool], *, what: str) -> None:
        """Ask every `POLL_SECONDS` seconds.

        Raises:
            MigrationError: Time is up; names what it was waited for.
        """
        while not done():
            if time.monotonic() + POLL_SECONDS > self._deadline:
                raise MigrationError(f"{what} took longer than this function may wait. Let it end, then deploy again.")
            self._pause(POLL_SECONDS)


def keep_snapshot(rds: Any, database: str, snapshot: str, waiting: Waiting) -> None:  # noqa: ANN401 - a boto3 client
    """Make the snapshot, unless this request made it already, and wait until it can be restored.

    Raises:
        MigrationError: It failed or took too long.
    """
    with suppress(rds.exceptions.DBSnapshotAlreadyExistsFault):
        rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=snapshot)

    def is_available() -> bool:
        (found,) = rds.describe_db_snapshots(DBSnapshotIdentifier=snapshot)["DBSnapshots"]
        if found["Status"] == "failed":
            raise MigrationError(f"Snapshot {snapshot} failed, so nothing was migrated. Deploy again.")
        return found["Status"] == "available"

    waiting.until(is_available, what=f"Snapshot {snapshot}")


def run_task(ecs: Any, plan: dict[str, Any], token: str, waiting: Waiting) -> str:  # noqa: ANN401 - a boto3 client
    """Run the migration's task and wait for its exit code 0.

    Raises:
        MigrationError: The task didn't start, ended otherwise, or took too long.
    """
    started = ecs.run_task(
        cluster=plan["Cluster"],
        taskDefinition=plan["TaskDefinition"],
        launchType="FARGATE",
        clientToken=token,
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": plan["Subnets"],
                "securityGroups": [plan["SecurityGroup"]],
                "assignPublicIp": "DISABLED",
            }
        },
    )
    if not started["tasks"]:
        raise MigrationError(f"ECS started no task: {json.dumps(started['failures'])}. Mend that, then deploy again.")
    arn = started["tasks"][0]["taskArn"]
    task: dict[str, Any] = {}

    def is_stopped() -> bool:
        task.update(_task(ecs, plan, arn))
        return task.get("lastStatus") == "STOPPED"

    waiting.until(is_stopped, what=f"Task {arn}")
    code = task["containers"][0].get("exitCode")
    if code != 0:
        raise MigrationError(
            f"Task {arn} ended with exit code {code} ({task.get('stoppedReason', 'no reason given')}). Read its log "
            f"in {plan['LogGroup']}; the service was not changed, and the database can be restored from its snapshot."
        )
    return f"task {arn} migrated the database"


def _task(ecs: Any, plan: dict[str, Any], arn: str) -> dict[str, Any]:  # noqa: ANN401 - a boto3 client
    """Describe the task; nothing while ECS doesn't know it yet, which it may say right after it started it.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    """
    return next(iter(ecs.describe_tasks(cluster=plan["Cluster"], tasks=[arn])["tasks"]), {})


def _rolls_back(cloudformation: Any, stack: str) -> bool:  # noqa: ANN401 - a boto3 client
    status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    return "ROLLBACK" in status


def _answer(event: dict[str, Any], status: str, reason: str) -> None:
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": "tracking-database-schema",
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(  # noqa: S310 - the address comes from CloudFormation
        event["ResponseURL"],
        data=json.dumps(body).encode(),
        method="PUT",
        headers={"Content-Type": ""},
    )
    urllib.request.urlopen(request, timeout=RESERVE_SECONDS / 2).close()  # noqa: S310 - the same
