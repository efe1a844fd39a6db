"""What ECS doesn't have or know yet, the first time that it is asked: AWS may answer so, the local AWS always does.

The account's first cluster makes ECS's linked role and uses it at once, which fails until IAM has spread the role; the
role stays, so that the next attempt passes. Who makes the role beforehand, as the preflight asks, meets none of it.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html;
aws-cloudformation/cloudformation-coverage-roadmap 818.
A task may be unknown right after RunTask: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
("eventual consistency"). Here it is unknown to the first question.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local import private

LINKED_ROLE, SERVICE = "AWSServiceRoleForECS", "ecs.amazonaws.com"
_MISSPELLED = "AWSServiceRoleForEcs"
_ECS, _IAM = "ministack.services.ecs", "ministack.services.iam"
_unknown: set[str] = set()

Operation = Callable[[dict[str, Any]], tuple]


def register() -> None:
    """Answer so. Call once, after `import ministack.app` and before its main."""
    private.find(f"{_IAM}._IAM_HANDLERS")["CreateServiceLinkedRole"] = _made
    private.wrap(f"{_ECS}._put_cluster", _without_a_linked_role)
    operations = private.find(f"{_ECS}._ACTION_MAP")
    operations["CreateCluster"] = _refusing(operations["CreateCluster"])
    operations["RunTask"] = _noting_tasks(operations["RunTask"])
    operations["DescribeTasks"] = _not_knowing_them(operations["DescribeTasks"])


def _made(params: Mapping[str, Any]) -> tuple:
    """Make a linked role; the emulator would spell that of ECS another way than AWS does."""
    roles = private.find(f"{_IAM}._roles")
    if params.get("AWSServiceName") in (SERVICE, [SERVICE]) and LINKED_ROLE in roles:
        roles[_MISSPELLED] = roles[LINKED_ROLE]  # so that it refuses
    status, headers, body = private.find(f"{_IAM}._create_service_linked_role")(params)
    if made := roles.pop(_MISSPELLED, None):
        renamed = {"RoleName": LINKED_ROLE, "Arn": made["Arn"].replace(_MISSPELLED, LINKED_ROLE)}
        roles[LINKED_ROLE] = made | renamed
    return status, headers, body.replace(_MISSPELLED.encode(), LINKED_ROLE.encode())


def _without_a_linked_role(original: Operation) -> Operation:
    def put(data: dict[str, Any]) -> tuple:
        if LINKED_ROLE not in private.find(f"{_IAM}._roles"):
            _made({"AWSServiceName": SERVICE})
            raise ValueError(
                "Unable to assume the service linked role. Please verify that the ECS service linked role exists. "
                "(Service: ECS, Status Code: 400, HandlerErrorCode: InvalidRequest)"
            )
        return original(data)

    return put


def _refusing(original: Operation) -> Operation:
    def create(data: dict[str, Any]) -> tuple:
        try:
            return original(data)
        except ValueError as error:
            refuse = private.find("ministack.core.responses.error_response_json")
            return refuse("InvalidParameterException", str(error), 400)

    return create


def _noting_tasks(original: Operation) -> Operation:
    def run(data: dict[str, Any]) -> tuple:
        answer = original(data)
        _unknown.update(task["taskArn"] for task in json.loads(answer[2]).get("tasks", ()))
        return answer

    return run


def _not_knowing_them(original: Operation) -> Operation:
    def describe(data: Mapping[str, Any]) -> tuple:
        status, headers, body = original(dict(data))
        told = json.loads(body)
        early = {task["taskArn"] for task in told.get("tasks", ())} & _unknown
        if not early:
            return status, headers, body
        _unknown.difference_update(early)
        told["tasks"] = [task for task in told["tasks"] if task["taskArn"] not in early]
        told["failures"] = [*told.get("failures", ()), *({"arn": arn, "reason": "MISSING"} for arn in sorted(early))]
        return status, headers, json.dumps(told).encode()

    return describe
