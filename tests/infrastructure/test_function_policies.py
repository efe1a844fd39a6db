"""What the release functions may do: one asks, one goes back and keeps the template, and none moves forward."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase as fnmatch
from pathlib import Path
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from compliance.templates import Template, read_templates, resources
from lambdas.release.events import REDELIVERY
from local import private
from tests.infrastructure.people_cases import ARN, BACK, CREATE, DELETE, EXECUTE, FORWARD, NAME, SHADOW, STACK, STOP
from tests.infrastructure.policies import ACCOUNT, REGION, Request, decision, output, resolved

Templates = dict[str, Template]
RELEASE = "Atoll-Release"
ASKS, SETTLES, HEARS = "TrainingCompleted", "ReleaseSettled", "ChangeSetExecuted"
REJECTS, RECONCILES, TAKES_BACK = "ChangeSetDeleted", "Reconcile", "WayBackAsked"
URL = {"cloudformation:TemplateUrl": "https://t"}
GET_TEMPLATE = "cloudformation:GetTemplate"
INLINE_LIMIT = 51_200  # bytes of a template body in CreateChangeSet


@pytest.fixture(scope="module")
def templates(assembly: Callable[[str], Path]) -> Templates:
    return read_templates(assembly("govcloud-west"))


def policies_of(templates: Templates, function: str) -> list[dict[str, Any]]:
    """The policies of a function, found by the output that the contract names."""
    found = templates[RELEASE]["Resources"]
    role = found[templates[RELEASE]["Outputs"][f"{function}Function"]["Value"]["Ref"]]["Properties"]["Role"]
    held = found[role["Fn::GetAtt"][0]]["Properties"]["ManagedPolicyArns"]
    return [resolved(templates, RELEASE, found[each["Ref"]]["Properties"]["PolicyDocument"]) for each in held]


def allowed(templates: Templates, function: str, action: str, resource: str, **keys: str | list[str]) -> bool:
    request = Request(action=action, resource=resource, uid=None, keys=keys)
    return decision(policies_of(templates, function), request) == "Allow"


@pytest.mark.parametrize("name", [FORWARD, BACK, STOP, {NAME: "cdk-deploy-change-set"}, {}])
@pytest.mark.parametrize("function", [ASKS, SETTLES, TAKES_BACK, HEARS, REJECTS, RECONCILES])
def test_a_function_executes_only_what_goes_back(templates: Templates, function: str, name: dict[str, str]) -> None:
    assert allowed(templates, function, EXECUTE, STACK, **name) == (
        function in {SETTLES, TAKES_BACK} and name in (BACK, STOP)
    )


@pytest.mark.parametrize(
    ("function", "name"),
    [(ASKS, FORWARD), (SETTLES, BACK), (SETTLES, {NAME: "halt-cut-off-0123456789abcdef"}), (TAKES_BACK, BACK)],
)
def test_a_change_set_is_asked_for_under_its_name_and_the_narrow_role_alone(
    templates: Templates, function: str, name: dict[str, str]
) -> None:
    fence = {"cloudformation:RoleArn": output(templates, RELEASE, "EndpointServiceRoleArn")}
    assert allowed(templates, function, CREATE, STACK, **name, **fence)
    assert not allowed(templates, function, CREATE, STACK, **name)
    assert not allowed(templates, function, CREATE, STACK, **name, **{"cloudformation:RoleArn": "another"})
    assert not allowed(templates, function, CREATE, STACK, **name, **fence, **URL)
    assert not allowed(templates, function, CREATE, STACK.replace("Endpoint-card-anomaly", "Release"), **name, **fence)
    assert not allowed(templates, function, CREATE, SHADOW, **name, **fence)  # RT-06: it would make a stack
    for other in (BACK, STOP) if function == ASKS else (FORWARD,):
        assert not allowed(templates, function, CREATE, STACK, **other, **fence)
    assert not allowed(templates, function, CREATE, STACK, **{NAME: "cdk-deploy-change-set"}, **fence)


@pytest.mark.parametrize("function", [ASKS, SETTLES, TAKES_BACK, HEARS])
def test_a_function_deletes_only_change_sets_of_its_own_kind(templates: Templates, function: str) -> None:
    assert allowed(templates, function, DELETE, STACK, **FORWARD) == (function == ASKS)
    for name in (BACK, STOP):
        assert allowed(templates, function, DELETE, STACK, **name) == (function in {SETTLES, TAKES_BACK})


@pytest.mark.parametrize("function", [ASKS, SETTLES, HEARS, REJECTS, RECONCILES])
def test_a_function_sends_events_again_under_our_own_source_alone(templates: Templates, function: str) -> None:
    bus, ours = ARN.format("events", f"event-bus/{REDELIVERY}"), REDELIVERY
    default = ARN.format("events", "event-bus/default")
    sends = function in {HEARS, REJECTS, RECONCILES}
    assert allowed(templates, function, "events:PutEvents", bus, **{"events:source": [ours]}) == sends
    assert not allowed(templates, function, "events:PutEvents", bus, **{"events:source": [ours, "aws.sagemaker"]})
    assert not allowed(templates, function, "events:PutEvents", bus)
    assert not allowed(templates, function, "events:PutEvents", default, **{"events:source": [ours]})


def test_events_are_sent_again_by_three_roles_and_nobody_else_whatever_iam_lets_them(templates: Templates) -> None:
    (policy,) = resources(templates, "AWS::Events::EventBusPolicy")
    statement = resolved(templates, RELEASE, policy.properties["Statement"])
    senders = statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert [name.partition("Role")[0] for name in senders] == [
        f"<{RELEASE}.{name}" for name in (HEARS, REJECTS, RECONCILES)
    ]
    bus = statement["Resource"]
    verdicts = [
        evaluate_resource_policy({"Statement": [statement]}, _put(who, bus)).decision for who in ("me", *senders)
    ]
    assert verdicts == ["Deny", *["ImplicitDeny"] * len(senders)]


def _put(who: str, bus: str) -> EvalContext:
    return EvalContext(
        principal_arn=who,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action="events:PutEvents",
        resource_arn=bus,
        region=REGION,
    )


def test_no_rule_hears_redeliveries_on_the_default_bus(templates: Templates) -> None:
    rules = [rule for rule in resources(templates, "AWS::Events::Rule") if "EventPattern" in rule.properties]
    heard = {str(rule.properties.get("EventBusName")) for rule in rules if REDELIVERY in str(rule.properties)}
    ours = {str(rule.properties.get("EventBusName")) for rule in rules} - {"None"}
    assert heard == ours
    assert "None" not in heard


def test_the_trails_word_on_who_called_a_function_is_taken_from_no_redelivery(templates: Templates) -> None:
    rules = [rule for rule in resources(templates, "AWS::Events::Rule") if REDELIVERY in str(rule.properties)]
    kinds = {kind for rule in rules for kind in rule.properties["EventPattern"]["detail-type"]}
    assert "release_settled" in kinds
    assert "function_invoked" not in kinds


@pytest.mark.parametrize("function", [ASKS, SETTLES, TAKES_BACK, HEARS])
def test_the_pipeline_can_not_say_which_template_is_the_deployed_one(templates: Templates, function: str) -> None:
    bucket = output(templates, "Atoll-Foundation", "ReleaseBucket")
    document = policies_of(templates, SETTLES)[0]
    (written,) = [
        each
        for statement in document["Statement"]
        for each in _list(statement["Resource"])
        if "s3:PutObject" in statement["Action"] and each.endswith("/templates/*")
    ]
    assert bucket.strip("<>") in written
    keys = {"aws:ResourceAccount": _account(document, written)}
    key = written.replace("*", "card-anomaly.json")
    assert allowed(templates, function, "s3:PutObject", key, **keys) == (function == SETTLES)
    assert allowed(templates, function, GET_TEMPLATE, STACK) == (function in {SETTLES, TAKES_BACK})
    assert not allowed(templates, function, "s3:DeleteObject", key, **keys)


def test_nobody_else_writes_deployed_templates(templates: Templates) -> None:
    key = output(templates, "Atoll-Foundation", "ReleaseBucket").replace(">", ".Arn>/templates/card-anomaly.json")
    writers = {
        name
        for stack, body in templates.items()
        for name, resource in body["Resources"].items()
        if resource["Type"] in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}
        for statement in resolved(templates, stack, resource["Properties"]["PolicyDocument"]["Statement"])
        if any(fnmatch("s3:PutObject", action) for action in _list(statement["Action"]))
        if any(fnmatch(key, pattern) for pattern in _list(statement["Resource"]))
    }
    assert len(writers) == 1
    assert writers.pop().startswith(SETTLES)


ENDPOINT_ARN = ARN.format("sagemaker", "endpoint/atoll-card-anomaly")
CALLERS = {"aws:RequestTag/atoll:callers": "refused", "aws:TagKeys": ["atoll:callers"]}


@pytest.mark.parametrize("function", [ASKS, SETTLES, HEARS, REJECTS, RECONCILES])
def test_one_function_ends_what_must_not_be_and_deletes_nothing(templates: Templates, function: str) -> None:
    settles, fence = function == SETTLES, output(templates, RELEASE, "EndpointServiceRoleArn")
    other = STACK.replace("Endpoint-card-anomaly", "Release")
    assert allowed(templates, function, "cloudformation:CancelUpdateStack", STACK) == settles
    assert not allowed(templates, function, "cloudformation:CancelUpdateStack", other)
    rollback = "cloudformation:RollbackStack"
    assert allowed(templates, function, rollback, STACK, **{"cloudformation:RoleArn": fence}) == settles
    assert not allowed(templates, function, rollback, STACK)
    assert allowed(templates, function, "sagemaker:AddTags", ENDPOINT_ARN, **CALLERS) == settles
    admitted = CALLERS | {"aws:RequestTag/atoll:callers": "admitted"}
    assert not allowed(templates, function, "sagemaker:AddTags", ENDPOINT_ARN, **admitted)
    assert not allowed(templates, function, "sagemaker:DeleteEndpoint", ENDPOINT_ARN)


def heard(templates: Templates, kind: str, detail: dict[str, object]) -> int:
    """How many rules take the event of a job's end."""
    matches = private.find("ministack.services.eventbridge._matches_pattern")
    rules = [
        resolved(templates, each.stack, each.properties.get("EventPattern"))
        for each in resources(templates, "AWS::Events::Rule")
    ]
    told = json.dumps({f"{kind}JobStatus": "Completed", **detail})
    event = {"Source": "aws.sagemaker", "DetailType": f"SageMaker {kind} Job State Change", "Detail": told}
    return sum(matches(json.dumps(each), event) for each in rules if each)


@pytest.mark.parametrize(("tags", "expected"), [({}, 0), ({"team": "payroll"}, 0), ({"atoll:uid": "alice"}, 1)])
def test_trainings_of_others_in_a_shared_account_are_none_of_ours(
    templates: Templates, tags: dict[str, str], expected: int
) -> None:
    assert heard(templates, "Training", {"Tags": tags}) == expected


@pytest.mark.parametrize(("role", "expected"), [("ScoringJobRoleArn", 1), ("EtlJobRoleArn", 0), (None, 0)])
def test_of_processing_jobs_the_monitor_hears_of_scorings_alone(
    templates: Templates, role: str | None, expected: int
) -> None:
    """Their events have no tags, but the role."""
    arn = output(templates, "Atoll-Training", role) if role else "arn:aws:iam::111122223333:role/payroll"
    assert heard(templates, "Processing", {"RoleArn": arn}) == expected


def test_every_event_of_stack_and_endpoint_reaches_the_function_that_looks(templates: Templates) -> None:
    patterns = [
        each["Properties"]["EventPattern"]
        for each in templates[RELEASE]["Resources"].values()
        if each["Type"] == "AWS::Events::Rule" and "EventPattern" in each["Properties"]
    ]
    kinds = {pattern["detail-type"][0]: pattern["detail"] for pattern in patterns if "detail" in pattern}
    assert "status-details" not in kinds["CloudFormation Stack Status Change"]  # every status, those that move too
    for kind in ("SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"):
        assert kinds[kind] == {"EndpointName": [{"prefix": "atoll-"}]}


def test_a_deployed_template_fits_into_a_request_that_restores_it(assembly: Callable[[str], Path]) -> None:
    for file in assembly("govcloud-west").glob("Atoll-Endpoint-*.template.json"):
        assert file.stat().st_size < INLINE_LIMIT / 2


def _list(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def _account(document: dict[str, Any], resource: str) -> str:
    return next(
        statement["Condition"]["StringEquals"]["aws:ResourceAccount"]
        for statement in document["Statement"]
        if resource in _list(statement["Resource"])
    )


@pytest.mark.parametrize("function", [HEARS, REJECTS, RECONCILES])
@pytest.mark.parametrize("action", [CREATE, DELETE, "kms:Sign", "sagemaker:InvokeEndpoint"])
def test_who_only_hears_or_looks_changes_nothing(templates: Templates, function: str, action: str) -> None:
    key = output(templates, "Atoll-Foundation", "SigningKeyArn")
    for resource in (STACK, key, "*"):
        assert not allowed(templates, function, action, resource, **FORWARD)
