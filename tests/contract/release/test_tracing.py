"""What a function's trace holds, read where Lambda's X-Ray daemon would read it: a UDP socket on loopback."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.release.test_monitoring_adapters import ENVIRONMENT

ROOT = Path(__file__).parents[3]
TRACE, CALLER = "1-6ae1f300-0123456789abcdef01234567", "0123456789abcdef"
SECRET = "4111-1111-1111-1111"
BATCH = "lambdas.monitoring.handlers.batch_scored"
INVOKE = """
import importlib, json, sys
handler = importlib.import_module(sys.argv[1]).handler
try:
    handler(json.loads(sys.argv[2]), None)
except Exception as error:
    print(type(error).__name__, error)
"""
Record = dict[str, Any]


def ended(status: str, **changed: object) -> Record:
    """The event of a batch's end."""
    detail = {"ProcessingJobName": "b", "ProcessingJobStatus": status}
    event = {"source": "aws.sagemaker", "detail-type": "SageMaker Processing Job State Change", "detail": detail}
    return {"id": "1", "time": "2026-11-23T12:00:00Z", **event, **changed}


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)  # noqa: FBT003 - loopback: what an ended process sent is here
        yield listener


def invoke(daemon: socket.socket, module: str, event: Record, *, sampled: int = 1) -> str:
    """Run a handler in a process of its own, surrounded as in Lambda; nothing answers for AWS. Give what it wrote."""
    surroundings = {
        **ENVIRONMENT,
        "ATOLL_TOPIC_ARN": "t",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-gov-west-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:9/{SECRET}",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
        "LAMBDA_TASK_ROOT": str(ROOT),
        "_X_AMZN_TRACE_ID": f"Root={TRACE};Parent={CALLER};Sampled={sampled}",
    }
    command = [sys.executable, "-c", INVOKE, module, json.dumps(event)]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout + done.stderr


def told(daemon: socket.socket) -> list[Record]:
    """The records that a process which has ended sent, each checked to belong to the invocation's trace."""
    records = []
    while True:
        try:
            header, _, body = daemon.recv(65_536).partition(b"\n")
        except BlockingIOError:
            return records
        assert json.loads(header) == {"format": "json", "version": 1}
        records.append(json.loads(body))
        assert (records[-1]["trace_id"], records[-1]["type"]) == (TRACE, "subsegment")


def test_an_invocation_is_found_by_its_job_and_holds_nothing_of_event_and_answer(daemon: socket.socket) -> None:
    wrote = invoke(daemon, BATCH, ended("Failed", note=SECRET))
    assert "nothing to measure: Failed" in wrote
    (record,) = told(daemon)
    assert (record["name"], record["parent_id"]) == ("## handler", CALLER)
    assert record["annotations"] == {"ColdStart": True, "Service": "atoll", "job": "b"}
    assert "metadata" not in record
    assert SECRET not in str(record)
    assert "nothing to measure" not in str(record)


def test_a_refused_event_is_a_fault_without_its_message(daemon: socket.socket) -> None:
    wrote = invoke(daemon, BATCH, ended("Failed", source=SECRET))
    assert wrote.startswith("EventError")
    assert SECRET in wrote
    (record,) = told(daemon)
    assert record["fault"] is True
    (thrown,) = record["cause"]["exceptions"]
    assert thrown["type"] == "EventError"
    assert "batch_scored.py" in {place["path"] for place in thrown["stack"]}
    assert "message" not in thrown
    assert SECRET not in str(record)


def test_each_call_of_aws_is_a_record_within_the_invocation_and_tells_no_message(daemon: socket.socket) -> None:
    wrote = invoke(daemon, BATCH, ended("Completed"))
    assert wrote.startswith("EndpointConnectionError")
    assert SECRET in wrote
    call, handler = told(daemon)
    assert (call["name"], call["namespace"], call["parent_id"]) == ("api.sagemaker", "aws", handler["id"])
    assert call["aws"]["operation"] == "DescribeProcessingJob"
    assert handler["annotations"]["job"] == "b"
    assert handler["fault"] is True
    assert SECRET not in str((call, handler))


CALLED = {"changeSetName": "r-by-ann-1"}, {"arn": "arn:aws:sts::1:assumed-role/r/bob"}


@pytest.mark.parametrize(
    ("name", "source", "kind", "detail", "found"),
    [
        (
            "training_completed",
            "aws.sagemaker",
            "SageMaker Training Job State Change",
            {"TrainingJobName": "j", "TrainingJobStatus": "Failed"},
            {"job": "j"},
        ),
        (
            "release_settled",
            "aws.cloudformation",
            "CloudFormation Stack Status Change",
            {"stack-id": "a:stack/Atoll-Endpoint-m/1", "status-details": {"status": "UPDATE_COMPLETE"}},
            {"model": "m"},
        ),
        *(
            (
                f"change_set_{call.lower()}d",
                "aws.cloudformation",
                "AWS API Call via CloudTrail",
                {"eventName": f"{call}ChangeSet", "requestParameters": CALLED[0], "userIdentity": CALLED[1]},
                {"change_set": "r-by-ann-1"},
            )
            for call in ("Execute", "Delete")
        ),
        ("reconcile", "aws.events", "Scheduled Event", {}, {}),
    ],
)
def test_a_release_function_names_what_it_is_about(
    daemon: socket.socket, name: str, source: str, kind: str, detail: Record, found: Record
) -> None:
    event = {"id": "1", "source": source, "detail-type": kind, "time": "2026-11-23T12:00:00Z", "detail": detail}
    invoke(daemon, f"lambdas.release.handlers.{name}", event)
    assert told(daemon)[-1]["annotations"] == {"ColdStart": True, "Service": "atoll"} | found


def test_an_invocation_that_is_not_sampled_sends_nothing(daemon: socket.socket) -> None:
    invoke(daemon, BATCH, ended("Failed"), sampled=0)
    assert told(daemon) == []
