"""Application Auto Scaling: it keeps scalable targets, policies and activities; `scaler` carries the policies out."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from local.rights import scaling
from local.rights.identity import Right
from local.sagemaker import shapes
from local.sagemaker.emulator import account_id, region
from local.sagemaker.errors import InvalidRequestError, ServiceError
from local.sagemaker.records import ENDPOINT, Record, Records

SERVICE = "application-autoscaling"
_IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_PAGE = 50
_TRACKED = "SageMakerVariantInvocationsPerInstance"


class Scaling:
    """Targets and policies by namespace, resource and dimension. A SageMaker target's endpoint must be in `records`."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._targets: dict[tuple[str, ...], Record] = {}
        self._policies: dict[tuple[str, ...], Record] = {}
        self._activities: list[Record] = []
        self._tags: dict[str, dict[str, str]] = {}
        self.operations = {
            "RegisterScalableTarget": self.register_target,
            "DescribeScalableTargets": self.describe_targets,
            "DeregisterScalableTarget": self.deregister_target,
            "PutScalingPolicy": self.put_policy,
            "DescribeScalingPolicies": self.describe_policies,
            "DeleteScalingPolicy": self.delete_policy,
            "DescribeScalingActivities": self.describe_activities,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTagsForResource": self.list_tags,
        }

    def rights(self, operation: str, params: Record) -> Iterator[Right]:
        """The IAM rights that an operation needs; refuses what AWS's model of it doesn't allow."""
        shapes.check(SERVICE, operation, params)
        keys = {
            "application-autoscaling:service-namespace": params.get("ServiceNamespace"),
            "application-autoscaling:scalable-dimension": params.get("ScalableDimension"),
        }
        keys = {name: value for name, value in keys.items() if value is not None}
        named = all(member in params for member in _IDENTITY)
        resource = params.get("ResourceARN") or (_target_arn(params) if named else "*")
        yield Right(f"{SERVICE}:{operation}", (resource,), keys)
        if named:
            place = f"arn:aws:{{service}}:{region()}:{account_id()}:"
            yield from scaling.tried_first(operation, params["ResourceId"], place=place)

    def register_target(self, params: Record) -> Record:
        """RegisterScalableTarget: creates a target, or changes the given members of an existing one."""
        key = _key(params)
        before = self._targets.get(key)
        if before is None and not {"MinCapacity", "MaxCapacity"} <= params.keys():
            raise InvalidRequestError("MinCapacity and MaxCapacity are needed for a new target.")
        self._require_variant(params)
        arn = _target_arn(params)
        own = {"CreationTime": datetime.now(UTC), "ScalableTargetARN": arn, "RoleARN": _linked_role()}
        given = {name: value for name, value in params.items() if name != "Tags"}
        self._targets[key] = own | (before or {}) | given
        self._tags[arn] = self._tags.get(arn, {}) | params.get("Tags", {})
        return {"ScalableTargetARN": arn}

    def describe_targets(self, params: Record) -> Record:
        """DescribeScalableTargets."""
        wanted = params.get("ResourceIds")
        found = [item for item in _matching(self._targets, params) if not wanted or item["ResourceId"] in wanted]
        return _page("ScalableTargets", found, params)

    def deregister_target(self, params: Record) -> Record:
        """DeregisterScalableTarget: with the target go its policies."""
        self._tags.pop(self._target(params)["ScalableTargetARN"], None)
        del self._targets[_key(params)]
        for key in [key for key in self._policies if key[:3] == _key(params)]:
            del self._policies[key]
        return {}

    def put_policy(self, params: Record) -> Record:
        """PutScalingPolicy.

        Raises:
            InvalidRequestError: It doesn't track the invocations of an instance.
        """
        self._target(params)
        tracking = params.get("TargetTrackingScalingPolicyConfiguration", {})
        metric = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        if (params.get("PolicyType"), metric) != ("TargetTrackingScaling", _TRACKED):
            raise InvalidRequestError(f"The local AWS doesn't know {params}: it tracks {_TRACKED} alone.")
        key = (*_key(params), params["PolicyName"])
        path = f"resource/{params['ServiceNamespace']}/{params['ResourceId']}:policyName/{params['PolicyName']}"
        own = {
            "CreationTime": datetime.now(UTC),
            "PolicyARN": f"arn:aws:autoscaling:{region()}:{account_id()}:scalingPolicy:{uuid.uuid4()}:{path}",
            "Alarms": [],
        }
        self._policies[key] = own | self._policies.get(key, {}) | params
        return {"PolicyARN": self._policies[key]["PolicyARN"], "Alarms": []}

    def describe_policies(self, params: Record) -> Record:
        """DescribeScalingPolicies."""
        wanted = params.get("PolicyNames")
        found = [item for item in _matching(self._policies, params) if not wanted or item["PolicyName"] in wanted]
        return _page("ScalingPolicies", found, params)

    def delete_policy(self, params: Record) -> Record:
        """DeleteScalingPolicy."""
        if self._policies.pop((*_key(params), params["PolicyName"]), None) is None:
            raise ServiceError("ObjectNotFoundException", f"No scaling policy {params['PolicyName']!r} was found.")
        return {}

    def describe_activities(self, params: Record) -> Record:
        """DescribeScalingActivities, the latest first."""
        named = [
            each for each in self._activities if each["ResourceId"] == params.get("ResourceId", each["ResourceId"])
        ]
        return _page("ScalingActivities", named[::-1], params)

    def targets(self) -> list[Record]:
        """The targets, for who carries the policies out; from any thread."""
        return list(self._targets.values())

    def policies_of(self, target: Record) -> list[Record]:
        """The policies of a target; from any thread."""
        return [policy for key, policy in list(self._policies.items()) if key[:3] == _key(target)]

    def note_activity(self, target: Record, count: int) -> None:
        """Remember that a target was moved."""
        now = datetime.now(UTC)
        given = {member: target[member] for member in _IDENTITY}
        self._activities.append(given | {
            "ActivityId": str(uuid.uuid4()), "Description": f"Setting desired instance count to {count}.",
            "Cause": "a target tracking policy", "StartTime": now, "EndTime": now, "StatusCode": "Successful",
        })  # fmt: skip

    def tag(self, params: Record) -> Record:
        """TagResource."""
        self._tags_of(params).update(params["Tags"])
        return {}

    def untag(self, params: Record) -> Record:
        """UntagResource."""
        for name in params["TagKeys"]:
            self._tags_of(params).pop(name, None)
        return {}

    def list_tags(self, params: Record) -> Record:
        """ListTagsForResource."""
        return {"Tags": dict(self._tags_of(params))}

    def _target(self, params: Record) -> Record:
        if _key(params) not in self._targets:
            raise ServiceError("ObjectNotFoundException", f"No scalable target was found for {_key(params)}.")
        return self._targets[_key(params)]

    def _require_variant(self, params: Record) -> None:
        _, _, path = params["ResourceId"].partition("endpoint/")
        name, _, variant = path.partition("/variant/")
        if params["ServiceNamespace"] != "sagemaker" or not variant:
            raise InvalidRequestError(
                f"The local AWS doesn't know {_key(params)}: it knows endpoint/<name>/variant/<name>."
            )
        known = [item["VariantName"] for item in self._records.get(ENDPOINT, name).get("ProductionVariants", [])]
        if variant not in known:
            raise InvalidRequestError(f"The endpoint {name!r} has no variant {variant!r} in service.")

    def _tags_of(self, params: Record) -> dict[str, str]:
        if params["ResourceARN"] not in self._tags:
            raise ServiceError("ResourceNotFoundException", f"{params['ResourceARN']!r} was not found.")
        return self._tags[params["ResourceARN"]]


def _key(params: Record) -> tuple[str, ...]:
    return tuple(params[member] for member in _IDENTITY)


def _target_arn(params: Record) -> str:
    digest = hashlib.sha256("|".join(_key(params)).encode()).hexdigest()[:36]
    return f"arn:aws:application-autoscaling:{region()}:{account_id()}:scalable-target/{digest}"


def _linked_role() -> str:
    path = "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return f"arn:aws:iam::{account_id()}:role/aws-service-role/{path}"


def _matching(items: dict[tuple[str, ...], Record], params: Record) -> list[Record]:
    given = {member: params[member] for member in _IDENTITY if member in params}
    return [item for item in items.values() if all(item[member] == value for member, value in given.items())]


def _page(member: str, found: list[Record], params: Record) -> Record:
    start = int(params.get("NextToken", "0"))
    end = start + params.get("MaxResults", _PAGE)
    return {member: found[start:end]} | ({"NextToken": str(end)} if end < len(found) else {})
