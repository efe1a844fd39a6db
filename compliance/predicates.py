"""Claims about resources, each a function over the synthesized templates: what it yields are objections to the claim.

A claim holds when it yields nothing. Each has a test that breaks a template and sees exactly this claim fail.
"""

import re
from collections.abc import Iterator
from typing import Any

from compliance.templates import Resource, Templates, resources, statements, strings

_NAMES_A_SERVICE = ("/Service", "/Principal", "kms:ViaService", "iam:PassedToService", "iam:AWSServiceName")
_TLS_POLICIES = frozenset(f"ELBSecurityPolicy-TLS13-1-{kind}-2023-04" for kind in ("2-FIPS", "2-Res-FIPS", "3-FIPS"))
_CREDENTIALS = frozenset({"authorization", "cookie"})
_SECRET_NAME = re.compile(
    r"PASS(WORD|WD)?$|SECRET(_KEY)?$|TOKEN$|CREDENTIALS?$|(API|PRIVATE|ACCESS)_KEY", re.IGNORECASE
)
_IN_A_URL = re.compile(r"://[^/?#@\s]*:[^/?#\s]*@|[?&](password|passwd|pwd|secret|token)=", re.IGNORECASE)
"""A password before the host, or among what follows the path."""
_NOBODY = re.compile(r"[1-9][0-9]*(:[1-9][0-9]*)?")
"""A user, and a group where it is said, by number; 0 is root's, and a name may be."""
_RUNBOOK = re.compile(r"docs/runbooks/[a-z0-9-]+\.md")


def no_partition_is_spelled_out(templates: Templates) -> Iterator[str]:
    """No ARN names a partition and no host a domain; service principals are the same in all partitions."""
    for stack, template in templates.items():
        for place, text in strings(template, stack):
            named = re.search(r"arn:aws[a-z-]*:", text)
            hosted = ".amazonaws.com" in text and not place.endswith(_NAMES_A_SERVICE)
            if named or hosted:
                yield f"{place} spells out a partition: {text}"


def logs_are_kept(templates: Templates) -> Iterator[str]:
    """Every log group says how long it keeps what it holds."""
    for group in resources(templates, "AWS::Logs::LogGroup"):
        if not group.properties.get("RetentionInDays"):
            yield f"{group.place} keeps logs for an unstated time"


def the_balancer_is_internal_and_fips(templates: Templates) -> Iterator[str]:
    """Load balancers are internal and speak TLS by a FIPS policy, to targets too."""
    for balancer in resources(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        if balancer.properties.get("Scheme") != "internal":
            yield f"{balancer.place} is not internal"
    for listener in resources(templates, "AWS::ElasticLoadBalancingV2::Listener"):
        policy = str(listener.properties.get("SslPolicy"))
        if listener.properties.get("Protocol") != "HTTPS" or policy not in _TLS_POLICIES:
            yield f"{listener.place} listens without TLS by a FIPS policy ({policy})"
    for group in resources(templates, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        if group.properties.get("Protocol") != "HTTPS":
            yield f"{group.place} hands requests on in plain text"


def one_door_is_for_machines(templates: Templates) -> Iterator[str]:
    """A balancer has one listener for machines; at any other, people sign in first."""
    plain: list[Resource] = []
    for listener in resources(templates, "AWS::ElasticLoadBalancingV2::Listener"):
        first = min(listener.properties["DefaultActions"], key=lambda action: action.get("Order", 0))
        if first["Type"] != "authenticate-oidc":
            plain.append(listener)
        elif first["AuthenticateOidcConfig"].get("OnUnauthenticatedRequest", "authenticate") == "allow":
            yield f"{listener.place} lets in who did not sign in"
    yield from (f"{listener.place} forwards without a sign-in, beside {plain[0].place}" for listener in plain[1:])


def firewall_logs_hold_no_credentials(templates: Templates) -> Iterator[str]:
    """The web firewall's logs leave out the headers with which people sign in."""
    for logging in resources(templates, "AWS::WAFv2::LoggingConfiguration"):
        fields = logging.properties.get("RedactedFields", ())
        if missing := _CREDENTIALS - {field.get("SingleHeader", {}).get("Name") for field in fields}:
            yield f"{logging.place} logs {sorted(missing)}"


def the_trail_does_not_record_itself(templates: Templates) -> Iterator[str]:
    """No delivery of the trail is an event of the trail: each would cause the next."""
    for trail in resources(templates, "AWS::CloudTrail::Trail"):
        arn, prefix = {"Fn::GetAtt": [trail.properties["S3BucketName"]["Ref"], "Arn"]}, trail.properties["S3KeyPrefix"]
        own = {"Fn::Join": ["", [arn, f"/{prefix}/"]]}
        for selector in _selected_objects(trail):
            starts = [str(each) for each in selector.get("StartsWith", ["everything"])]
            meets = any("everything" in each or (str(arn) in each and not _is_beside(each, prefix)) for each in starts)
            if meets and own not in selector.get("NotStartsWith", ()):
                yield f"{trail.place} records what it delivers itself"


def what_decides_is_watched(templates: Templates) -> Iterator[str]:
    """The trail records each access to records, released models, features and jobs' outputs, and whom people ask."""
    outputs = templates.get("Atoll-Foundation", {}).get("Outputs", {})
    for trail in resources(templates, "AWS::CloudTrail::Trail"):
        found = [str(each) for selector in _selected_objects(trail) for each in selector.get("StartsWith", ())]
        for output, end in (
            ("AuditBucket", "/"),
            ("ReleaseBucket", "/"),
            ("DataBucket", "/features/"),
            ("DataBucket", "/jobs/"),
        ):
            arn = {"Fn::GetAtt": [outputs[output]["Value"]["Ref"], "Arn"]}
            if str({"Fn::Join": ["", [arn, end]]}) not in found:
                yield f"{trail.place} doesn't record who touches {output}{end}"
        calls = [each for selector in _selected(trail, "Lambda::Function") for each in selector.get("StartsWith", ())]
        for asked in _asked_by_people(templates):
            if asked not in map(str, calls):
                yield f"{trail.place} doesn't record who calls {asked}"


def _asked_by_people(templates: Templates) -> Iterator[str]:
    """Give how the ARNs of functions begin that a person may call."""
    of_people = {name: template for name, template in templates.items() if name == "Atoll-Training"}
    for statement in statements(of_people):
        if statement.effect == "Allow" and "lambda:InvokeFunction" in statement.actions:
            yield from (str(each).replace("*'", "'") for each in statement.resources)


def _selected_objects(trail: Resource) -> Iterator[dict[str, Any]]:
    return _selected(trail, "S3::Object")


def _selected(trail: Resource, kind: str) -> Iterator[dict[str, Any]]:
    """Give by what ARNs a trail selects resources of a kind; nothing where a selector takes them all."""
    for selector in trail.properties.get("AdvancedEventSelectors", ()):
        fields = {field["Field"]: field for field in selector["FieldSelectors"]}
        if fields.get("resources.type", {}).get("Equals") == [f"AWS::{kind}"]:
            yield fields.get("resources.ARN", {})


def _is_beside(address: str, prefix: str) -> bool:
    """Say whether an address within the trail's bucket begins below another prefix than the trail's."""
    return not any(f"'{end}'" in address for end in ("/", f"/{prefix}", f"/{prefix}/"))


def alarms_may_notify(templates: Templates) -> Iterator[str]:
    """Topics with a policy of their own let the account's alarms publish."""
    for policy in resources(templates, "AWS::SNS::TopicPolicy"):
        allowed = [one for one in policy.properties["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
        if not any(
            one["Principal"] == {"Service": "cloudwatch.amazonaws.com"} and one["Action"] == "sns:Publish"
            for one in allowed
        ):
            yield f"{policy.place} keeps alarms from publishing"


def alarms_name_their_runbook(templates: Templates) -> Iterator[str]:
    """Every alarm's description names the page that says what to do."""
    for alarm in resources(templates, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        if not _RUNBOOK.search(str(alarm.properties.get("AlarmDescription", ""))):
            yield f"{alarm.place} does not say which runbook helps"


def no_secret_is_in_plain_sight(templates: Templates) -> Iterator[str]:
    """No environment of a container, function or model has a secret's name or value, or a URL with a password."""
    for place, name, value in _environments(templates):
        text = _flat(value)
        if _SECRET_NAME.search(name) or "{{resolve:" in str(value) or _IN_A_URL.search(text):
            yield f"{place} has {name} in plain sight"


def _flat(value: object) -> str:
    """Write a value as one text, with a sign for what CloudFormation resolves."""
    match value:
        case {"Fn::Join": [str(separator), [*parts]]}:
            return separator.join(map(_flat, parts))
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]} | str(text):
            return text
    return "~"


def _environments(templates: Templates) -> Iterator[tuple[str, str, object]]:
    for function in resources(templates, "AWS::Lambda::Function"):
        for name, value in function.properties.get("Environment", {}).get("Variables", {}).items():
            yield function.place, name, value
    for task in resources(templates, "AWS::ECS::TaskDefinition"):
        for container in task.properties["ContainerDefinitions"]:
            for variable in container.get("Environment", ()):
                yield task.place, variable["Name"], variable["Value"]
    yield from _of_models(templates)


def _of_models(templates: Templates) -> Iterator[tuple[str, str, object]]:
    for model in resources(templates, "AWS::SageMaker::Model"):
        for container in (model.properties.get("PrimaryContainer", {}), *model.properties.get("Containers", ())):
            for name, value in container.get("Environment", {}).items():
                yield model.place, name, value


def containers_are_confined(templates: Templates) -> Iterator[str]:
    """Tasks run without root on a read-only file system, and only from a digest."""
    for task in resources(templates, "AWS::ECS::TaskDefinition"):
        for container in task.properties["ContainerDefinitions"]:
            confined = container.get("ReadonlyRootFilesystem") and _NOBODY.fullmatch(str(container.get("User")))
            if not confined or container.get("Privileged"):
                yield f"{task.place} runs as root or writes to its image"
            if "@sha256:" not in str(container["Image"]):
                yield f"{task.place} runs an image that is not pinned by its digest"


def functions_are_traced(templates: Templates) -> Iterator[str]:
    """Every function has its invocations traced by X-Ray."""
    for function in resources(templates, "AWS::Lambda::Function"):
        if function.properties.get("TracingConfig") != {"Mode": "Active"}:
            yield f"{function.place} is not traced"


CLAIMS = (
    no_partition_is_spelled_out,
    logs_are_kept,
    the_balancer_is_internal_and_fips,
    one_door_is_for_machines,
    firewall_logs_hold_no_credentials,
    the_trail_does_not_record_itself,
    what_decides_is_watched,
    alarms_may_notify,
    alarms_name_their_runbook,
    no_secret_is_in_plain_sight,
    containers_are_confined,
    functions_are_traced,
)
