"""The function behind the migration's custom resource: it is loaded by path, as Lambda does."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

RUN = runpy.run_path(str(Path(__file__).parents[3] / "stacks/components/migration/run.py"))
PLAN = {
    "Cluster": "cluster",
    "TaskDefinition": "definition:7",
    "LogGroup": "the-log",
    "Subnets": ["subnet-1", "subnet-2"],
    "SecurityGroup": "sg-1",
    "Database": "database",
    "SnapshotPrefix": "atoll-before-migration-0123456789ab",
}


class AlreadyExistsError(Exception):
    pass


class FakeAws:
    """A stack, one database and one cluster; `log` holds what was done, in order."""

    def __init__(self, *, stack: str = "UPDATE_IN_PROGRESS", exit_code: int | None = 0, polls: int = 2) -> None:
        self.stack, self.exit_code, self.polls = stack, exit_code, polls
        self.snapshot_status = "available"
        self.failures: list[dict[str, str]] = []
        self.unknown = 0  # how often ECS doesn't know the task that it has started
        self.snapshots: list[str] = []
        self.tasks: dict[str, Any] = {}
        self.log: list[str] = []
        self.exceptions = SimpleNamespace(DBSnapshotAlreadyExistsFault=AlreadyExistsError)
        self.waiting = {"snapshot": polls, "task": polls}

    def __getitem__(self, _service: str) -> "FakeAws":
        return self

    def describe_stacks(self, **_request: object) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.stack}]}

    def create_db_snapshot(self, **request: str) -> None:
        assert request["DBInstanceIdentifier"] == "database"
        if request["DBSnapshotIdentifier"] in self.snapshots:
            raise AlreadyExistsError
        self.snapshots.append(request["DBSnapshotIdentifier"])
        self.log.append("snapshot begun")

    def describe_db_snapshots(self, **request: str) -> dict[str, Any]:
        assert request["DBSnapshotIdentifier"] in self.snapshots
        return {"DBSnapshots": [{"Status": self._after("snapshot", "creating", self.snapshot_status)}]}

    def run_task(self, **request: object) -> dict[str, Any]:
        if self.failures:
            return {"tasks": [], "failures": self.failures}
        if str(request["clientToken"]) not in self.tasks:
            self.tasks[str(request["clientToken"])] = request
            self.log.append("task begun")
        return {"tasks": [{"taskArn": "task-1"}], "failures": []}

    def describe_tasks(self, **request: object) -> dict[str, Any]:
        assert request == {"cluster": "cluster", "tasks": ["task-1"]}
        if self.unknown:
            self.unknown -= 1
            return {"tasks": [], "failures": [{"arn": "task-1", "reason": "MISSING"}]}
        code = {} if self.exit_code is None else {"exitCode": self.exit_code}
        return {"tasks": [{"lastStatus": self._after("task", "RUNNING", "STOPPED"), "containers": [code]}]}

    def _after(self, what: str, before: str, after: str) -> str:
        self.waiting[what] -= 1
        if self.waiting[what] == 0:
            self.log.append(f"{what} ended")
        return before if self.waiting[what] > 0 else after


def request(kind: str) -> dict[str, Any]:
    properties = {"ServiceToken": "function", "Migration": PLAN}
    return {"RequestType": kind, "RequestId": "4f9c1b2a-0000", "StackId": "stack", "ResourceProperties": properties}


def migrate(aws: FakeAws, kind: str = "Update", *, seconds: float = 900.0) -> str:
    deadline = RUN["time"].monotonic() + seconds
    return RUN["migrate"](request(kind), aws, RUN["Waiting"](deadline, lambda _seconds: None))


def test_the_snapshot_is_complete_before_the_task_begins() -> None:
    aws = FakeAws()
    assert migrate(aws) == "task task-1 migrated the database"
    assert aws.log == ["snapshot begun", "snapshot ended", "task begun", "task ended"]
    assert aws.snapshots == ["atoll-before-migration-0123456789ab-4f9c1b2a"]


def test_the_task_is_run_as_it_is_defined_without_a_public_address() -> None:
    aws = FakeAws()
    migrate(aws)
    (task,) = aws.tasks.values()
    assert task["taskDefinition"] == "definition:7"
    assert "overrides" not in task
    assert task["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }


def test_a_new_database_has_nothing_to_keep() -> None:
    aws = FakeAws()
    migrate(aws, "Create")
    assert aws.log == ["task begun", "task ended"]


def test_a_request_that_comes_twice_is_carried_out_once() -> None:
    aws = FakeAws()
    migrate(aws)
    migrate(aws)
    assert len(aws.snapshots) == len(aws.tasks) == 1


def test_a_stack_that_rolls_back_keeps_its_schema() -> None:
    aws = FakeAws(stack="UPDATE_ROLLBACK_IN_PROGRESS", exit_code=1)
    assert "rolls back" in migrate(aws)
    assert aws.log == []


@pytest.mark.parametrize("code", [1, 137, None])
def test_a_task_that_failed_fails_the_update_and_names_its_log(code: int | None) -> None:
    with pytest.raises(RUN["MigrationError"], match=f"exit code {code}.*the-log"):
        migrate(FakeAws(exit_code=code))


def test_a_task_that_ecs_does_not_know_yet_is_waited_for() -> None:
    aws = FakeAws()
    aws.unknown = 2
    assert migrate(aws) == "task task-1 migrated the database"


def test_a_failed_snapshot_stops_before_the_task() -> None:
    aws = FakeAws()
    aws.snapshot_status = "failed"
    with pytest.raises(RUN["MigrationError"], match="nothing was migrated"):
        migrate(aws)
    assert aws.tasks == {}


def test_a_task_that_ecs_refuses_fails_with_its_reason() -> None:
    aws = FakeAws()
    aws.failures = [{"reason": "RESOURCE:MEMORY"}]
    with pytest.raises(RUN["MigrationError"], match="RESOURCE:MEMORY"):
        migrate(aws)


def test_a_migration_that_takes_too_long_fails_before_the_function_is_killed() -> None:
    with pytest.raises(RUN["MigrationError"], match=r"Snapshot .* took longer"):
        migrate(FakeAws(polls=10), seconds=5)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []

    def put(sent: Any, timeout: float) -> SimpleNamespace:  # noqa: ANN401 - urllib's request, whose data may be anything
        assert timeout < RUN["RESERVE_SECONDS"]
        heard.append({"url": sent.full_url, "method": sent.method, **json.loads(sent.data)})
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr("urllib.request.urlopen", put)
    return heard


WHO = {"LogicalResourceId": "Done", "ResponseURL": "https://cloudformation.example/answer"}


def test_on_deletion_the_database_stays_as_it_is(answers: list[dict[str, Any]]) -> None:
    RUN["handler"](request("Delete") | WHO, None)
    assert (answers[0]["Status"], answers[0]["method"]) == ("SUCCESS", "PUT")
    assert answers[0]["RequestId"] == "4f9c1b2a-0000"


def test_any_failure_is_told_to_cloudformation(answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws(exit_code=1)
    monkeypatch.setattr("boto3.client", lambda _name: aws)
    monkeypatch.setitem(RUN["handler"].__globals__, "POLL_SECONDS", 0)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)
    RUN["handler"](request("Create") | WHO, context)
    RUN["handler"]({**request("Create"), **WHO, "ResourceProperties": {}}, context)
    assert [answer["Status"] for answer in answers] == ["FAILED", "FAILED"]
    assert "exit code 1" in answers[0]["Reason"]
    assert "KeyError" in answers[1]["Reason"]
