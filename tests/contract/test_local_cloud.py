"""What the local AWS adds to the emulator, on a running one."""

import io
import json
import socket
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from lambdas.release.adapters.s3_audit import S3AuditStore
from local.cloud import LocalCloud, LocalSession
from tests.contract import local_templates as templates
from tests.patience import PATIENCE

Deploy = Callable[..., dict[str, str]]
Destroy = Callable[[str], None]


def test_security_group_rules_flow_logs_and_the_vpcs_cidr_are_real(cloud: LocalCloud, deploy: Deploy) -> None:
    outputs = deploy("network", templates.network())
    ec2 = cloud.client("ec2")
    group = ec2.describe_security_groups(GroupIds=[outputs["Group"]])["SecurityGroups"][0]
    entry = group["IpPermissions"][0]
    assert (entry["FromPort"], entry["IpRanges"][0]["CidrIp"]) == (443, outputs["Cidr"])
    assert outputs["Group"] in str([rule["UserIdGroupPairs"] for rule in group["IpPermissionsEgress"]])
    assert ec2.describe_flow_logs()["FlowLogs"][0]["ResourceId"] == outputs["Vpc"]


def test_a_changed_rule_replaces_the_former_one(cloud: LocalCloud, deploy: Deploy, destroy: Destroy) -> None:
    deploy("rules", templates.network())
    changed = templates.network()
    changed["Resources"]["Entry"]["Properties"] |= {"FromPort": 8443, "ToPort": 8443}
    outputs = deploy("rules", changed)
    ec2 = cloud.client("ec2")
    group = ec2.describe_security_groups(GroupIds=[outputs["Group"]])["SecurityGroups"][0]
    assert [rule["FromPort"] for rule in group["IpPermissions"]] == [8443]
    destroy("rules")
    assert outputs["Vpc"] not in str(ec2.describe_flow_logs()["FlowLogs"])


def test_trails_and_composite_alarms_follow_their_template(cloud: LocalCloud, deploy: Deploy, destroy: Destroy) -> None:
    outputs = deploy("audit", templates.audit())
    trail = cloud.client("cloudtrail")
    assert trail.get_trail_status(Name="atoll-test")["IsLogging"] is True
    assert trail.get_trail(Name="atoll-test")["Trail"]["TrailARN"] == outputs["TrailArn"]
    deploy("audit", templates.audit(logging=False))
    assert trail.get_trail_status(Name="atoll-test")["IsLogging"] is False
    alarms = cloud.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == ["either"]
    destroy("audit")
    assert trail.describe_trails()["trailList"] == []


def test_a_property_that_the_local_aws_doesnt_know_fails_the_stack(deploy: Deploy) -> None:
    template = templates.network()
    template["Resources"]["FlowLog"]["Properties"]["DestinationOptions"] = {"FileFormat": "parquet"}
    with pytest.raises(RuntimeError, match="doesn't know DestinationOptions"):
        deploy("unknown", template)


def request_release(cloud: LocalCloud, stack: str, change_set: str) -> None:
    client = cloud.client("cloudformation")
    client.create_change_set(
        StackName=stack,
        ChangeSetName=change_set,
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(templates.parameter(stack)),
    )
    client.get_waiter("change_set_create_complete").wait(
        StackName=stack, ChangeSetName=change_set, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )


def execute(person: LocalSession, stack: str, change_set: str) -> None:
    person.client("cloudformation").execute_change_set(StackName=stack, ChangeSetName=change_set)


def test_the_submitter_and_the_nameless_cant_execute_a_release_but_a_second_person_can(
    cloud: LocalCloud, approver: str
) -> None:
    change_set = "r-by-alice-0123456789ab"
    request_release(cloud, "release", change_set)
    for uid in ("alice", None):
        with pytest.raises(ClientError, match="explicit deny"):
            execute(cloud.as_person(approver, uid), "release", change_set)
    execute(cloud.as_person(approver, "bob"), "release", change_set)


def test_a_role_is_passed_to_cloudformation_only_with_the_right_to_pass_it(cloud: LocalCloud, approver: str) -> None:
    with pytest.raises(ClientError, match=r"iam:PassRole on resource: .*role/narrow"):
        cloud.as_person(approver, "bob").client("cloudformation").create_change_set(
            StackName="passed",
            ChangeSetName="r-by-bob-0123456789ab",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps(templates.parameter("passed")),
            RoleARN="arn:aws:iam::000000000000:role/narrow",
        )


@pytest.fixture(scope="module")
def record(deploy: Deploy) -> dict[str, str]:
    return deploy("record", templates.record())


def test_a_bucket_takes_put_if_absent_from_one_role_alone_and_lets_nobody_undo_it(
    cloud: LocalCloud, record: dict[str, str]
) -> None:
    writer, other = (cloud.as_person(record[name], "somebody").client("s3") for name in ("Writer", "Other"))
    entry = {"Bucket": record["Bucket"], "Key": "audit/e.json"}
    writer.put_object(**entry, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        writer.put_object(**entry, Body=b"second", IfNoneMatch="*")
    for attempt in (
        lambda: writer.put_object(**entry, Body=b"second"),
        lambda: writer.copy_object(**entry, CopySource=f"{record['Bucket']}/audit/e.json"),
        lambda: writer.create_multipart_upload(**entry),
        lambda: other.put_object(**entry | {"Key": "audit/f.json"}, Body=b"", IfNoneMatch="*"),
        lambda: writer.delete_object(**entry),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()
    assert writer.get_object(**entry)["Body"].read() == b"first"


def test_a_delete_marker_opens_a_key_again_as_on_aws(cloud: LocalCloud, record: dict[str, str]) -> None:
    entry = {"Bucket": record["Bucket"], "Key": "audit/marked.json"}
    root = cloud.client("s3")
    root.put_object(**entry, Body=b"first", IfNoneMatch="*")
    root.delete_object(**entry)
    root.put_object(**entry, Body=b"second", IfNoneMatch="*")
    store = S3AuditStore(root, bucket=entry["Bucket"])
    assert store.get(entry["Key"]) == b"first"
    assert len(store.rewritten("audit/marked")) == 2


def events_until(cloud: LocalCloud, queue: str, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    client, found = cloud.client("sqs"), []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not (found and wanted(found[-1])):
        answer = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=1, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            found.append(json.loads(message["Body"]))
            client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_executing_a_change_set_tells_who_did_it_and_each_status_of_the_stack(
    cloud: LocalCloud, deploy: Deploy, destroy: Destroy, approver: str
) -> None:
    queue = deploy("listener", templates.listener())["Queue"]
    change_set = "r-by-alice-abcdefabcdef"
    request_release(cloud, "heard", change_set)
    execute(cloud.as_person(approver, "bob"), "heard", change_set)
    events = events_until(cloud, queue, lambda event: "heard" in str(event) and "CREATE_COMPLETE" in str(event))
    if "ExecuteChangeSet" not in str(events):  # CloudTrail tells later
        events += events_until(cloud, queue, lambda event: event["detail"].get("eventName") == "ExecuteChangeSet")
    ours = [event for event in events if "heard" in json.dumps(event)]
    calls = [event["detail"] for event in ours if event["detail-type"] == "AWS API Call via CloudTrail"]
    made, call = sorted(calls, key=lambda each: each["eventName"])
    assert (made["eventName"], call["eventName"]) == ("CreateChangeSet", "ExecuteChangeSet")
    assert call["requestParameters"] == {"changeSetName": change_set, "stackName": "heard"}
    assert call["userIdentity"]["arn"].endswith("/bob")
    assert call["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == approver
    changes = [event for event in ours if event["detail-type"] == "CloudFormation Stack Status Change"]
    statuses = [event["detail"]["status-details"]["status"] for event in changes]
    assert statuses == ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert changes[-1]["resources"] == [changes[-1]["detail"]["stack-id"]]
    destroy("listener")


def test_calling_a_function_tells_who_called_it_under_the_id_that_the_function_sees(
    cloud: LocalCloud, deploy: Deploy, destroy: Destroy, approver: str
) -> None:
    queue = deploy("hearer", templates.listener())["Queue"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("asked.py", "def handler(event, context):\n    return context.aws_request_id\n")
    client = cloud.client("lambda")
    client.create_function(
        FunctionName="asked",
        Runtime="python3.12",
        Role=approver,
        Handler="asked.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=900,
    )
    seen = json.loads(client.invoke(FunctionName="asked", Payload=b"{}")["Payload"].read())
    heard = events_until(cloud, queue, lambda event: event["source"] == "aws.lambda")
    (call,) = [event["detail"] for event in heard if event["source"] == "aws.lambda"]
    assert (call["eventName"], call["eventCategory"], call["requestID"]) == ("Invoke", "Data", seen)
    assert call["requestParameters"]["functionName"].endswith(":function:asked")
    assert call["userIdentity"]["arn"].endswith(":root")
    client.delete_function(FunctionName="asked")
    destroy("hearer")


@pytest.fixture(scope="module")
def mlflow(cloud: LocalCloud, deploy: Deploy) -> Callable[..., requests.Response]:
    port = int(cloud.tracking_url.rpartition(":")[2])
    deploy("tracking", templates.tracking(port))

    def call(path: str, *, password: str = "", host: str = f"localhost:{port}") -> requests.Response:
        return requests.get(
            f"{cloud.tracking_url}/{path}",
            auth=("administrator", password) if password else None,
            headers={"Host": host},
            verify=str(cloud.certificates.authority),
            timeout=PATIENCE,
        )

    return call


SEARCH = "api/2.0/mlflow/experiments/search?max_results=5"
PASSWORD = "a-long-enough-password"


def test_mlflow_answers_its_user_and_nobody_else(mlflow: Callable[..., requests.Response]) -> None:
    assert mlflow("health").status_code == 200
    assert mlflow(SEARCH).status_code == 401
    assert mlflow(SEARCH, password="another-password").status_code == 401
    assert mlflow(SEARCH, password=PASSWORD).status_code == 200


def test_mlflow_refuses_a_foreign_host_name(mlflow: Callable[..., requests.Response]) -> None:
    assert mlflow(SEARCH, password=PASSWORD, host="evil.example").status_code == 403


def test_mlflows_artifacts_go_through_the_server(mlflow: Callable[..., requests.Response]) -> None:
    found = mlflow(SEARCH, password=PASSWORD).json()["experiments"]
    assert found[0]["artifact_location"].startswith("mlflow-artifacts:")


def test_an_mlflow_image_of_other_code_fails_the_stack(deploy: Deploy) -> None:
    with pytest.raises(RuntimeError, match="CannotPullContainerError"):
        deploy("stale", templates.tracking(1, digest="0" * 64))


def test_two_clouds_run_side_by_side_and_neither_takes_port_443(
    cloud: LocalCloud, settings_file: Path, tmp_path: Path
) -> None:
    with LocalCloud(tmp_path / "second", settings=settings_file) as second:
        assert second.endpoint != cloud.endpoint
        assert second.client("sts").get_caller_identity()["Account"] == "000000000000"
        text = second.log.read_text() + cloud.log.read_text()
    assert "Running on https://127.0.0.1:443 " not in text


def test_a_kept_cloud_outlives_its_starter_and_is_found_again(settings_file: Path, tmp_path: Path) -> None:
    with LocalCloud(tmp_path / "kept", settings=settings_file, keep=True) as kept:
        port = int(kept.endpoint.rpartition(":")[2])
    found = LocalCloud.attach(tmp_path / "kept")
    assert found.client("sts").get_caller_identity()["Account"] == "000000000000"
    found.stop()
    kept.stop()  # what's gone already is no error
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
