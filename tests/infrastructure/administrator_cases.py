"""What the administrator may do: run the platform, and neither release nor act for anybody who does."""

from tests.infrastructure.people_cases import ARN, BACK, CREATE, EXECUTE, FORWARD, OURS, STACK, STOP
from tests.infrastructure.policies import ACCOUNT, PARTITION, Request

SERVICE = ARN.format("ecs", "service/Atoll-Tracking-Cluster-1/Atoll-Tracking-Service-1")
SECRET = ARN.format("secretsmanager", "secret:SecretsAdministrator1A2B-x")
QUEUE = ARN.format("sqs", "Atoll-Release-DeadLetters-1")
TOPIC = ARN.format("sns", "Atoll-Release-Notifications-1")
FUNCTION = ARN.format("lambda", "function:Atoll-Release-ChangeSetExecuted-1")
ROLE = f"arn:{PARTITION}:iam::{ACCOUNT}:role/agency/atoll/agency-any"


def _subscribe(protocol: str, endpoint: str) -> Request:
    return Request(action="sns:Subscribe", resource=TOPIC, keys={"sns:Protocol": protocol, "sns:Endpoint": endpoint})


ADMINISTRATOR = [
    *((Request(action=EXECUTE, resource=STACK, keys=name), False) for name in (FORWARD, BACK, STOP, {})),
    *((Request(action=CREATE, resource=STACK, keys=name | OURS), False) for name in (FORWARD, BACK, STOP)),
    *(
        (Request(action=f"cloudformation:{action}", resource=STACK, keys=FORWARD), False)
        for action in ("CreateStack", "DeleteChangeSet", "DeleteStack", "UpdateStack")
    ),
    (Request(action="cloudformation:DescribeChangeSet", resource=STACK, keys=FORWARD), True),
    (Request(action="cloudformation:DetectStackDrift", resource=STACK), True),
    (Request(action="ecs:UpdateService", resource=SERVICE), True),
    (Request(action="ecs:UpdateService", resource=SERVICE, keys={"ecs:enable-execute-command": "false"}), True),
    (Request(action="ecs:UpdateService", resource=SERVICE, keys={"ecs:enable-execute-command": "true"}), False),
    (Request(action="ecs:UpdateService", resource=SERVICE, keys={"ecs:task-definition": "another"}), False),
    (Request(action="ecs:UpdateService", resource=SERVICE, keys={"ecs:subnet": "another"}), False),
    (Request(action="ecs:UpdateService", resource=SERVICE.replace("Atoll-Tracking", "Another")), False),
    (Request(action="ecs:ExecuteCommand", resource=SERVICE), False),
    (Request(action="ecs:RegisterTaskDefinition", resource="*"), False),
    (Request(action="secretsmanager:RotateSecret", resource=SECRET), False),
    (Request(action="secretsmanager:GetSecretValue", resource=SECRET), False),
    (Request(action="secretsmanager:PutSecretValue", resource=SECRET), False),
    (Request(action="sqs:ReceiveMessage", resource=QUEUE), True),
    (Request(action="sqs:DeleteMessage", resource=QUEUE), True),
    (Request(action="sqs:SendMessage", resource=QUEUE), False),
    (Request(action="sqs:ReceiveMessage", resource=QUEUE.replace("Atoll-", "Another-")), False),
    (Request(action="sns:Subscribe", resource=TOPIC), False),
    (_subscribe("email", "approvers@agency.example.gov"), True),
    (_subscribe("email", "mallory@evil.example"), False),
    (_subscribe("email", "approvers@agency.example.gov.evil.example"), False),
    (_subscribe("https", "https://evil.example/@agency.example.gov"), False),
    (_subscribe("sqs", "arn:aws-us-gov:sqs:us-gov-west-1:444455556666:theirs"), False),
    (Request(action="sns:Publish", resource=TOPIC), False),
    (Request(action="lambda:InvokeFunction", resource=FUNCTION), False),
    (Request(action="events:PutEvents", resource=ARN.format("events", "event-bus/default")), False),
    (Request(action="iam:PassRole", resource=ROLE), False),
    (Request(action="iam:DeleteRolePermissionsBoundary", resource=ROLE), False),
    (Request(action="sagemaker:CreateTrainingJob", resource=ARN.format("sagemaker", "training-job/j")), False),
    (Request(action="s3:GetObject", resource="<Atoll-Foundation.DataBucket.Arn>/ledgers/a"), False),
    (Request(action="s3:PutObject", resource="<Atoll-Foundation.AuditBucket.Arn>/audit/a/b.json"), False),
    (Request(action="xray:GetTraceSummaries", resource="*"), True),
    (Request(action="xray:PutTraceSegments", resource="*"), False),
]
