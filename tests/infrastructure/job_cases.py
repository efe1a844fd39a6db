"""What the roles of jobs may do and may not: a table per role, in the order request, allowed."""

from tests.infrastructure.people_cases import ARN, EXECUTE, FORWARD, STACK
from tests.infrastructure.policies import Request

DATA, RELEASES, AUDIT = (f"<Atoll-Foundation.{each}Bucket.Arn>/" for each in ("Data", "Release", "Audit"))


def _objects(action: str, expected: dict[str, bool]) -> list[tuple[Request, bool]]:
    return [(Request(action=f"s3:{action}", resource=key, uid=None), allowed) for key, allowed in expected.items()]


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
        *_objects("GetObject", {f"{DATA}ledgers/a": True, f"{RELEASES}models/a": False, f"{DATA}jobs/a": False}),
        *_objects("PutObject", {f"{DATA}features/a": True, f"{DATA}ledgers/a": False, f"{DATA}jobs/a": False}),
        *_NOT_FOR_JOBS,
    ],
    "TrainingJob": [
        *_objects("GetObject", {f"{DATA}features/a": True, f"{RELEASES}models/a": True, f"{DATA}ledgers/a": False}),
        *_objects("PutObject", {f"{DATA}jobs/a": True, f"{DATA}features/a": False, f"{DATA}scores/a": False}),
        *_NOT_FOR_JOBS,
    ],
    "ScoringJob": [
        *_objects("GetObject", {f"{DATA}ledgers/a": True, f"{RELEASES}models/a": True, f"{DATA}features/a": False}),
        *_objects("PutObject", {f"{DATA}scores/a": True, f"{DATA}ledgers/a": False, f"{DATA}features/a": False}),
        *_NOT_FOR_JOBS,
    ],
    "TransformJob": [
        *_objects("GetObject", {f"{DATA}live/a": True, f"{RELEASES}models/a": True, f"{DATA}ledgers/a": False}),
        *_objects("PutObject", {f"{DATA}scores/a": True, f"{DATA}live/a": False, f"{DATA}jobs/a": False}),
        *_NOT_FOR_JOBS,
    ],
}
