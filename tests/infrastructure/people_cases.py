"""What people may do and may not: a table per role, in the order request, allowed."""

from tests.infrastructure.policies import ACCOUNT, PARTITION, REGION, Request

ARN = f"arn:{PARTITION}:{{}}:{REGION}:{ACCOUNT}:{{}}"
STACK = ARN.format("cloudformation", "stack/Atoll-Endpoint-card-anomaly/0a1b")
SHADOW = STACK.replace("card-anomaly", "shadow")
EXECUTE = "cloudformation:ExecuteChangeSet"
CREATE = "cloudformation:CreateChangeSet"
DELETE = "cloudformation:DeleteChangeSet"
INVOKE, WAY_BACK = "lambda:InvokeFunction", ARN.format("lambda", "function:Atoll-Release-WayBackAsked0A1B-2c")
NAME = "cloudformation:ChangeSetName"
TRAINING = ARN.format("sagemaker", "training-job/j-1")
TUNING = ARN.format("sagemaker", "hyper-parameter-tuning-job/j-1")
AUDIT = "<Atoll-Foundation.AuditBucket.Arn>/"
VERSIONS, RECORD = "s3:ListBucketVersions", AUDIT.removesuffix("/")
ENDPOINT = ARN.format("sagemaker", "endpoint/atoll-card-anomaly")
FORWARD = {NAME: "r-by-bob-0123456789ab"}
BY_ARN = {NAME: f"arn:{PARTITION}:cloudformation:{REGION}:{ACCOUNT}:changeSet/r-by-bob-0123456789ab/0a"}
BACK = {NAME: "home-from-v2-0123456789ab-0123456789abcdef"}
STOP = {NAME: f"arn:{PARTITION}:cloudformation:{REGION}:{ACCOUNT}:changeSet/halt-cut-off-0123456789abcdef/0a"}
ROLE = "cloudformation:RoleArn"
OURS = {ROLE: "<Atoll-Release.EndpointServiceRoleArn>"}
CALLERS = "atoll:callers"
ADMITTED, REFUSED = ({f"aws:ResourceTag/{CALLERS}": value} for value in ("admitted", "refused"))
CASES = {
    "Trainer": [
        (Request(action=EXECUTE, resource=STACK, keys=FORWARD), False),
        (Request(action=EXECUTE, resource=STACK, keys=BACK), False),
        (Request(action=CREATE, resource=STACK, keys=FORWARD | OURS), False),
        (Request(action="sagemaker:CreateModel", resource=ARN.format("sagemaker", "model/m")), False),
        (Request(action="sagemaker:CreateEndpoint", resource=ENDPOINT), False),
        (Request(action="sagemaker:UpdateEndpoint", resource=ENDPOINT), False),
        (Request(action="sagemaker:InvokeEndpoint", resource=ENDPOINT, keys=ADMITTED), True),
        (Request(action="sagemaker:InvokeEndpoint", resource=ENDPOINT, keys=REFUSED), False),
        (Request(action="sagemaker:InvokeEndpoint", resource=ENDPOINT), False),
        (Request(action="sagemaker:DescribeHyperParameterTuningJob", resource=TUNING), True),
        (
            Request(
                action="sagemaker:StopHyperParameterTuningJob",
                resource=TUNING,
                keys={"aws:ResourceTag/atoll:uid": "bob"},
            ),
            False,
        ),
        (Request(action="sagemaker:AddTags", resource=TRAINING), False),
        (
            Request(action="sagemaker:AddTags", resource=TRAINING, keys={"sagemaker:TaggingAction": "CreateModel"}),
            False,
        ),
        (
            Request(
                action="sagemaker:AddTags", resource=TRAINING, keys={"sagemaker:TaggingAction": "CreateTrainingJob"}
            ),
            True,
        ),
        (
            Request(action="sagemaker:StopTrainingJob", resource=TRAINING, keys={"aws:ResourceTag/atoll:uid": "alice"}),
            True,
        ),
        (
            Request(action="sagemaker:StopTrainingJob", resource=TRAINING, keys={"aws:ResourceTag/atoll:uid": "bob"}),
            False,
        ),
    ],
    "Approver": [
        (Request(action=EXECUTE, resource=STACK, uid="bob", keys=FORWARD), False),
        (Request(action=EXECUTE, resource=STACK, uid="carol", keys=FORWARD), True),
        (Request(action=EXECUTE, resource=STACK, uid="bo", keys=FORWARD), True),
        (Request(action=EXECUTE, resource=STACK, uid=None, keys=FORWARD), False),
        (Request(action=EXECUTE, resource=STACK, uid="carol"), False),
        (Request(action=EXECUTE, resource=STACK, uid="carol", keys=BACK), False),
        (Request(action=EXECUTE, resource=STACK, uid="carol", keys=STOP), False),
        (Request(action=EXECUTE, resource=STACK.replace("Endpoint-card-anomaly", "Training"), keys=FORWARD), False),
        (
            Request(action=EXECUTE, resource=STACK, uid="bob", keys=BY_ARN),
            False,
        ),
        (
            Request(
                action="s3:PutObject", resource=AUDIT + "reasons/card-anomaly/r-by-bob-0123456789ab.json", uid="carol"
            ),
            True,
        ),
        (Request(action="s3:PutObject", resource=AUDIT + "audit/card-anomaly/r/x.json", uid="carol"), False),
        (Request(action="s3:GetObject", resource=AUDIT + "audit/card-anomaly/r/x.json", uid="carol"), True),
        (Request(action=EXECUTE, resource=STACK, uid="carol", keys=BY_ARN), False),  # by its name alone
        (Request(action=EXECUTE, resource=SHADOW, uid="carol", keys=FORWARD), False),
        (Request(action=INVOKE, resource=WAY_BACK, uid="carol"), False),
        (
            Request(action=INVOKE, resource=WAY_BACK.replace("WayBackAsked", "Reconcile"), uid="carol"),
            True,
        ),  # adoptions
        (Request(action=INVOKE, resource=WAY_BACK.replace("WayBackAsked", "Reconcile"), uid=None), False),
        (Request(action=INVOKE, resource=WAY_BACK.replace("WayBackAsked", "ReleaseSettled"), uid="carol"), False),
        (Request(action=DELETE, resource=STACK, uid="carol", keys=FORWARD), True),
        (Request(action=DELETE, resource=STACK, uid="bob", keys=FORWARD), False),  # RT-04: to be asked for again
        (Request(action=DELETE, resource=STACK, uid=None, keys=FORWARD), False),
        (Request(action=CREATE, resource=STACK, uid="carol", keys=FORWARD | OURS), False),
        (Request(action="sagemaker:CreateTrainingJob", resource=TRAINING, uid="carol"), False),
    ],
    "Operator": [
        (Request(action=INVOKE, resource=WAY_BACK), True),
        (Request(action=INVOKE, resource=WAY_BACK, uid=None), False),
        (Request(action=INVOKE, resource=WAY_BACK.replace("WayBackAsked", "Reconcile")), True),
        (Request(action=INVOKE, resource=WAY_BACK.replace("WayBackAsked", "ReleaseSettled")), False),
        *(
            (Request(action=action, resource=stack, keys=name | OURS), False)  # RT-06, 07, 11: no template, name, stack
            for action in (CREATE, EXECUTE, DELETE)
            for stack in (STACK, SHADOW)
            for name in (FORWARD, BACK, STOP, {NAME: "back-1"})
        ),
        (Request(action="iam:PassRole", resource=OURS[ROLE], keys={"iam:PassedToService": "sagemaker"}), False),
        (Request(action="s3:GetObject", resource=AUDIT + "audit/card-anomaly/r/x.json"), True),
        (Request(action="s3:PutObject", resource=AUDIT + "audit/card-anomaly/r/x.json"), False),
        (Request(action="cloudformation:DeleteStack", resource=STACK), False),
        (Request(action="cloudformation:UpdateStack", resource=STACK), False),
        (Request(action="cloudformation:ContinueUpdateRollback", resource=STACK, keys=OURS), True),
        (Request(action="cloudformation:ContinueUpdateRollback", resource=STACK), False),
        (Request(action="sagemaker:DeleteEndpoint", resource=ENDPOINT), True),
        (Request(action="sagemaker:DeleteEndpoint", resource=ARN.format("sagemaker", "endpoint/another")), False),
        (Request(action="sagemaker:UpdateEndpoint", resource=ENDPOINT), False),
        (Request(action="sagemaker:AddTags", resource=ENDPOINT, tags={CALLERS: "refused"}), True),
        (Request(action="sagemaker:AddTags", resource=ENDPOINT, tags={CALLERS: "admitted"}), False),
        (Request(action="sagemaker:AddTags", resource=ENDPOINT, tags={CALLERS: "refused", "atoll:model": "x"}), False),
        (Request(action="sagemaker:AddTags", resource=ENDPOINT), False),
        (Request(action="sagemaker:DeleteTags", resource=ENDPOINT), False),
        (Request(action="xray:GetTraceSummaries", resource="*"), True),
        (Request(action="xray:PutTraceSegments", resource="*"), False),
    ],
    "Auditor": [
        (Request(action="s3:GetObject", resource="<Atoll-Foundation.AuditBucket.Arn>/audit/a/b.json"), True),
        (Request(action="s3:GetObject", resource="<Atoll-Foundation.DataBucket.Arn>/ledgers/a"), False),
        (Request(action=VERSIONS, resource=RECORD, keys={"s3:prefix": "audit/"}), True),
        (Request(action=VERSIONS, resource=RECORD, keys={"s3:prefix": "chain/"}), True),
        (Request(action=VERSIONS, resource=RECORD, keys={"s3:prefix": "reasons/"}), True),
        (Request(action=VERSIONS, resource=RECORD, keys={"s3:prefix": "notes/"}), True),
        (Request(action="s3:GetObjectVersion", resource=AUDIT + "chain/card-anomaly/00000001.json"), True),
        (Request(action="s3:GetObjectVersion", resource=AUDIT + "trail/x"), False),
        (Request(action=VERSIONS, resource=RECORD, keys={"s3:prefix": "trail/"}), False),
        (Request(action=VERSIONS, resource=RECORD), False),
        *(
            (Request(action=action, resource=f"<Atoll-Foundation.{bucket}.Arn>/{key}"), False)
            for action in ("s3:PutObject", "s3:DeleteObject", "s3:BypassGovernanceRetention", "s3:PutObjectRetention")
            for bucket, key in (
                ("AuditBucket", "audit/a/b.json"),
                ("ReleaseBucket", "models/a"),
                ("DataBucket", "jobs/a"),
            )
        ),
        (Request(action=EXECUTE, resource=STACK, keys=FORWARD), False),
        (Request(action=EXECUTE, resource=STACK, keys=BACK), False),
        (Request(action=CREATE, resource=STACK, keys=BACK | OURS), False),
        (Request(action="sagemaker:CreateTrainingJob", resource=TRAINING), False),
        (Request(action="sagemaker:InvokeEndpoint", resource=ENDPOINT, keys=ADMITTED), False),
        (Request(action="cloudformation:GetTemplate", resource=STACK), True),
    ],
}
