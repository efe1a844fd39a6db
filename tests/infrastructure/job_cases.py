"""What the roles of jobs may do and may not: a table per role, in the order request, allowed."""

from tests.infrastructure.people_cases import ARN, EXECUTE, FORWARD, STACK
from tests.infrastructure.policies import Request

DATA, RELEASES, AUDIT = (f"<Atoll-Foundation.{each}Bucket.Arn>/" for each in ("Data", "Release", "Audit"))
IMAGE, SERVER = "<Atoll-Registry.Model0301700E.Arn>", "<Atoll-Registry.MlflowE97BC70F.Arn>"
MAKES, WRITES = "CreateLogGroup", ("CreateLogStream", "PutLogEvents")


def _objects(action: str, expected: dict[str, bool]) -> list[tuple[Request, bool]]:
    return [(Request(action=f"s3:{action}", resource=key, uid=None), allowed) for key, allowed in expected.items()]


def _log(action: str, group: str, *, allowed: bool) -> tuple[Request, bool]:
    """A right on a group is asked for on its empty stream, as CloudWatch Logs does."""
    stream = ARN.format("logs", f"log-group:{group}:log-stream:{'' if action == MAKES else 'a/b-1'}")
    return Request(action=f"logs:{action}", resource=stream, uid=None), allowed


def _started(group: str) -> list[tuple[Request, bool]]:
    """What SageMaker fetches and writes in a job's name, and the same elsewhere.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
    """
    pulls = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
    return [
        (Request(action="ecr:GetAuthorizationToken", resource="*", uid=None), True),
        *(
            (Request(action=f"ecr:{each}", resource=image, uid=None), image == IMAGE)
            for image in (IMAGE, SERVER)
            for each in pulls
        ),
        *(_log(each, f"/aws/sagemaker/{group}", allowed=True) for each in (MAKES, *WRITES)),
        *(_log(each, "Atoll-Release-Logs", allowed=False) for each in (MAKES, *WRITES)),
    ]


_NOT_FOR_JOBS = [
    (Request(action=EXECUTE, resource=STACK, uid=None, keys=FORWARD), False),
    (
        Request(action="sagemaker:CreateTrainingJob", resource=ARN.format("sagemaker", "training-job/j"), uid=None),
        False,
    ),
    (
        Request(action="secretsmanager:GetSecretValue", resource=ARN.format("secretsmanager", "secret:x"), uid=None),
        False,
    ),
    *_objects("PutObject", {f"{RELEASES}models/a": False, f"{AUDIT}audit/a/b.json": False}),
    *_objects("DeleteObject", {f"{DATA}features/a": False, f"{DATA}jobs/a": False}),
]
JOBS = {
    "EtlJob": [
        *_started("ProcessingJobs"),
        *_objects("GetObject", {f"{DATA}ledgers/a": True, f"{RELEASES}models/a": False, f"{DATA}jobs/a": False}),
        *_objects("PutObject", {f"{DATA}features/a": True, f"{DATA}ledgers/a": False, f"{DATA}jobs/a": False}),
        *_NOT_FOR_JOBS,
    ],
    "TrainingJob": [
        *_started("TrainingJobs"),
        *_objects("GetObject", {f"{DATA}features/a": True, f"{RELEASES}models/a": True, f"{DATA}ledgers/a": False}),
        *_objects("PutObject", {f"{DATA}jobs/a": True, f"{DATA}features/a": False, f"{DATA}scores/a": False}),
        *_NOT_FOR_JOBS,
    ],
    "ScoringJob": [
        *_started("ProcessingJobs"),
        *_objects("GetObject", {f"{DATA}ledgers/a": True, f"{RELEASES}models/a": True, f"{DATA}features/a": False}),
        *_objects("PutObject", {f"{DATA}scores/a": True, f"{DATA}ledgers/a": False, f"{DATA}features/a": False}),
        *_NOT_FOR_JOBS,
    ],
}
