"""What each kind of person may call, as IAM evaluates the synthesized policies; the generated adversary obeys it.

`rights.json` is evaluated once, by `python -m tests.infrastructure.adversary_rights`, for a life can't synthesize. An
infrastructure test holds it against the templates, so that a wider policy is red until the lives were lived with it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("rights.json")
ROLES = ("Trainer", "Approver", "Operator", "Auditor", "Administrator")
DEPLOYER = "Deployer"
"""Whoever runs `cdk deploy`: the roles of `cdk bootstrap`, which aren't in our templates and may call CloudFormation on
every stack (https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html)."""
STRANGER = "Stranger"  # has an account here and stacks of the own, and no role of Atoll's
CHANGE_SET = "cloudformation:ChangeSetName"
NARROW = {"cloudformation:RoleArn": "<Atoll-Release.EndpointServiceRoleArn>"}
STACK, SHADOW = "stack/Atoll-Endpoint-card-anomaly/0a1b", "stack/Atoll-Endpoint-shadow/0a1b"
WAY_BACK, SETTLED, RECONCILE = (
    f"function:Atoll-Release-{name}0A1B-2c" for name in ("WayBackAsked", "ReleaseSettled", "Reconcile")
)
AUDIT, DATA, RELEASE = (f"<Atoll-Foundation.{bucket}Bucket.Arn>/" for bucket in ("Audit", "Data", "Release"))
_OWN, _OTHERS = "r-by-alice-0123456789ab", "r-by-bob-0123456789ab"
_TAGS = {"atoll:uid": "alice", "atoll:model": "card-anomaly"}
_BRINGS = ("make a way back", "execute a way back", "make a stop", "execute a stop", "make a second stack")
_TAKES = ("delete another's release", "make a release")
WIDER = {
    "Operator": frozenset((*_BRINGS, *_TAKES, "execute on a second stack", "put an event")),
    "Approver": frozenset({"execute the own release", "delete the own release"}),
    "Administrator": frozenset({"delete an entry", "write an entry", "write a released archive"}),
    "Trainer": frozenset({"train in another's name"}),
}
"""What a role may as well in every third life, as if the policies had been changed."""


@dataclass(frozen=True)
class Call:
    """A call by alice (or who else `uid` names): of what, on what (a resource, or a bucket's key), with what.

    A `safe` job has the keys, subnets and limits that a job must have.
    """

    action: str
    resource: str
    keys: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    uid: str = "alice"
    safe: bool = False


def _change_set(action: str, name: str, stack: str = STACK, uid: str = "alice") -> Call:
    made = NARROW if action == "CreateChangeSet" else {}
    return Call(f"cloudformation:{action}", stack, {CHANGE_SET: name} | made, uid=uid)


_WAY, _STOP = "home-to-v2-by-hand-0123456789abcdef", "halt-by-hand-0123456789abcdef"
CALLS = {
    "execute another's release": _change_set("ExecuteChangeSet", _OTHERS),
    "execute the own release": _change_set("ExecuteChangeSet", _OWN),
    "execute the own release as the same person in capitals": _change_set("ExecuteChangeSet", _OWN, uid="Alice"),
    "execute a release by its ARN": _change_set(
        "ExecuteChangeSet", f"arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:changeSet/{_OTHERS}/0a"
    ),
    "make a release": _change_set("CreateChangeSet", _OTHERS),
    "delete another's release": _change_set("DeleteChangeSet", _OTHERS),
    "delete the own release": _change_set("DeleteChangeSet", _OWN),
    "make a way back": _change_set("CreateChangeSet", _WAY),
    "execute a way back": _change_set("ExecuteChangeSet", _WAY),
    "make a stop": _change_set("CreateChangeSet", _STOP),
    "execute a stop": _change_set("ExecuteChangeSet", _STOP),
    "make a deployment": _change_set("CreateChangeSet", "cdk-deploy-change-set"),
    "execute a deployment": _change_set("ExecuteChangeSet", "cdk-deploy-change-set"),
    "make a second stack": _change_set("CreateChangeSet", "back-1", SHADOW),
    "execute on a second stack": _change_set("ExecuteChangeSet", "back-1", SHADOW),
    "update the stack": Call("cloudformation:UpdateStack", STACK, NARROW),
    "delete the stack": Call("cloudformation:DeleteStack", STACK, NARROW),
    "cancel an update": Call("cloudformation:CancelUpdateStack", STACK),
    "go on with a rollback": Call("cloudformation:ContinueUpdateRollback", STACK, NARROW),
    "ask for a way back": Call("lambda:InvokeFunction", WAY_BACK),
    "ask for a moved model": Call("lambda:InvokeFunction", RECONCILE),
    "call a function": Call("lambda:InvokeFunction", SETTLED),
    "put an event": Call("events:PutEvents", "event-bus/atoll.redelivery"),
    "create an endpoint": Call("sagemaker:CreateEndpoint", "endpoint/atoll-card-anomaly"),
    "update the endpoint": Call("sagemaker:UpdateEndpoint", "endpoint/atoll-card-anomaly"),
    "delete the endpoint": Call("sagemaker:DeleteEndpoint", "endpoint/atoll-card-anomaly"),
    "refuse callers": Call("sagemaker:AddTags", "endpoint/atoll-card-anomaly", tags={"atoll:callers": "refused"}),
    "admit callers": Call("sagemaker:AddTags", "endpoint/atoll-card-anomaly", tags={"atoll:callers": "admitted"}),
    "write a reason": Call("s3:PutObject", f"{AUDIT}reasons/card-anomaly/r.json", {"s3:if-none-match": "*"}),
    "write an entry": Call("s3:PutObject", f"{AUDIT}audit/card-anomaly/r/e.json", {"s3:if-none-match": "*"}),
    "write a link": Call("s3:PutObject", f"{AUDIT}chain/card-anomaly/00000001.json", {"s3:if-none-match": "*"}),
    "delete an entry": Call("s3:DeleteObject", f"{AUDIT}audit/card-anomaly/r/e.json"),
    "write the deployed template": Call("s3:PutObject", f"{AUDIT}templates/card-anomaly.json"),
    "write an archive": Call("s3:PutObject", f"{DATA}jobs/j-1/output/model.tar.gz"),
    "write a released archive": Call("s3:PutObject", f"{RELEASE}models/card-anomaly/a"),
    "train": Call("sagemaker:CreateTrainingJob", "training-job/j-1", tags=_TAGS, safe=True),
    "train in another's name": Call(
        "sagemaker:CreateTrainingJob", "training-job/j-1", tags=_TAGS | {"atoll:uid": "bob"}, safe=True
    ),
    "change a job's tags": Call("sagemaker:AddTags", "training-job/j-1", tags={"atoll:uid": "bob"}),
}


def rights() -> dict[str, dict[str, bool]]:
    """Who may call what: by role, then by the name of the call."""
    nothing = dict.fromkeys(CALLS, False)
    deployer = {name: call.action.startswith("cloudformation:") for name, call in CALLS.items()}
    return json.loads(FILE.read_text(encoding="utf-8")) | {STRANGER: nothing, DEPLOYER: deployer}
