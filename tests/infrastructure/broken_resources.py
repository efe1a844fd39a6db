"""Ways to break the claims about resources."""

from typing import Any

from compliance import encryption, groups
from compliance import predicates as holds
from compliance import serving as serves
from tests.infrastructure.template_parts import CONTAINER, ENDPOINT, Claim, Mutation, one, trail_bucket, whole


def _listener(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"DefaultActions": list(actions)}}


def _jobs(templates: dict[str, Any]) -> Any:  # noqa: ANN401 (what CloudFormation resolves)
    return templates["Atoll-Foundation"]["Outputs"]["JobSecurityGroupId"]["Value"]


def _open_jobs(templates: dict[str, Any], *, peer: Any, protocol: str, ports: tuple[int, int]) -> None:  # noqa: ANN401
    one(templates, "Atoll-Foundation", "AWS::EC2::SecurityGroupIngress").update(
        GroupId=_jobs(templates), SourceSecurityGroupId=peer, IpProtocol=protocol, FromPort=ports[0], ToPort=ports[1]
    )


def _selected(templates: dict[str, Any], name: str) -> dict[str, Any]:
    """By which ARNs a selector of the trail takes objects."""
    selectors = one(templates, "Atoll-Foundation", "AWS::CloudTrail::Trail")["AdvancedEventSelectors"]
    (fields,) = (each["FieldSelectors"] for each in selectors if each["Name"] == name)
    return next(field for field in fields if field["Field"] == "resources.ARN")


MUTATIONS: list[tuple[Claim, Mutation]] = [
    *(
        (
            holds.no_partition_is_spelled_out,
            lambda t, text=text: one(t, "Atoll-Foundation", "AWS::S3::Bucket").update(Note=text),
        )
        for text in ("arn:aws:s3:::a", "s3.us-east-1.amazonaws.com")
    ),
    (
        groups.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroupIngress").update(CidrIp="0.0.0.0/0"),
    ),
    (
        groups.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroup").update(
            SecurityGroupEgress=[{"CidrIpv6": "::/0", "IpProtocol": "-1"}]
        ),
    ),
    (
        groups.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroupIngress").update(CidrIp="0.0.0.0/1"),
    ),
    (
        groups.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroupEgress").update(FromPort=0, ToPort=65535),
    ),
    (
        groups.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroupEgress").update(IpProtocol="-1"),
    ),
    (groups.no_rule_is_open, lambda t: _open_jobs(t, peer={"Ref": "AnotherGroup"}, protocol="tcp", ports=(0, 65535))),
    (
        groups.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroupIngress").update(
            GroupId={"Ref": "AnotherGroup"}, SourceSecurityGroupId=_jobs(t), FromPort=0, ToPort=65535
        ),
    ),
    (groups.no_rule_is_open, lambda t: _open_jobs(t, peer=_jobs(t), protocol="-1", ports=(0, 65535))),
    (groups.no_rule_is_open, lambda t: _open_jobs(t, peer=_jobs(t), protocol="udp", ports=(0, 65535))),
    (
        encryption.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Foundation", "AWS::S3::Bucket", "Data").pop("BucketEncryption"),
    ),
    (
        encryption.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Registry", "AWS::ECR::Repository").pop("EncryptionConfiguration"),
    ),
    (
        holds.the_balancer_is_internal_and_fips,
        lambda t: one(t, "Atoll-Tracking", "AWS::ElasticLoadBalancingV2::Listener").update(
            SslPolicy="ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04"
        ),
    ),
    (
        holds.the_balancer_is_internal_and_fips,
        lambda t: one(t, "Atoll-Tracking", "AWS::ElasticLoadBalancingV2::TargetGroup").update(Protocol="HTTP"),
    ),
    (
        holds.one_door_is_for_machines,
        lambda t: t["Atoll-Tracking"]["Resources"].update(Second=_listener({"Type": "forward"})),
    ),
    (
        holds.one_door_is_for_machines,
        lambda t: t["Atoll-Tracking"]["Resources"].update(
            Second=_listener(
                {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"OnUnauthenticatedRequest": "allow"}}
            )
        ),
    ),
    (
        holds.one_door_is_for_machines,
        lambda t: t["Atoll-Tracking"]["Resources"].update(
            Second=_listener(
                {"Type": "authenticate-oidc", "Order": 2, "AuthenticateOidcConfig": {}},
                {"Type": "forward", "Order": 1},
            )
        ),
    ),
    (
        holds.firewall_logs_hold_no_credentials,
        lambda t: one(t, "Atoll-Tracking", "AWS::WAFv2::LoggingConfiguration")["RedactedFields"].pop(),
    ),
    (holds.the_trail_does_not_record_itself, lambda t: _selected(t, "Record").pop("NotStartsWith")),
    (holds.the_trail_does_not_record_itself, lambda t: _selected(t, "Objects").pop("StartsWith")),
    (
        holds.the_trail_does_not_record_itself,
        lambda t: _selected(t, "Objects")["StartsWith"].append(
            {"Fn::Join": ["", [{"Fn::GetAtt": [trail_bucket(t), "Arn"]}, "/trail/"]]}
        ),
    ),
    (holds.what_decides_is_watched, lambda t: _selected(t, "Record")["StartsWith"].pop()),
    (holds.what_decides_is_watched, lambda t: _selected(t, "Asked")["StartsWith"].pop()),
    *(
        (holds.what_decides_is_watched, lambda t, at=at: _selected(t, "Objects")["StartsWith"].pop(at))
        for at in range(3)
    ),
    (
        holds.alarms_may_notify,
        lambda t: one(t, "Atoll-Release", "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"].pop(),
    ),
    (
        holds.alarms_name_their_runbook,
        lambda t: one(t, "Atoll-Monitoring", "AWS::CloudWatch::Alarm").update(AlarmDescription="Inputs drift."),
    ),
    *(
        (
            holds.no_secret_is_in_plain_sight,
            lambda t, name=name, value=value: one(t, "Atoll-Release", "AWS::Lambda::Function")["Environment"][
                "Variables"
            ].update({name: value}),
        )
        for name, value in (("DB_PASSWORD", "x"), ("LOGIN", "{{resolve:secretsmanager:a:SecretString:password}}"))
    ),
    (
        holds.no_secret_is_in_plain_sight,
        lambda t: one(t, "Atoll-Tracking", "AWS::ECS::TaskDefinition")[CONTAINER][0]["Environment"].append(
            {"Name": "MLFLOW_FLASK_SERVER_SECRET_KEY", "Value": "x"}
        ),
    ),
    (
        holds.no_secret_is_in_plain_sight,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model")["PrimaryContainer"]["Environment"].update(API_TOKEN="x"),
    ),
    (
        encryption.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Release", "AWS::SQS::Queue").pop("KmsMasterKeyId"),
    ),
    (
        encryption.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Release", "AWS::SNS::Topic").pop("KmsMasterKeyId"),
    ),
    (
        encryption.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Tracking", "AWS::SecretsManager::Secret").pop("KmsKeyId"),
    ),
    (
        encryption.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Registry", "AWS::ECR::Repository")["EncryptionConfiguration"].pop("KmsKey"),
    ),
    (
        encryption.everything_is_under_our_keys,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::EndpointConfig").pop("KmsKeyId"),
    ),
    (holds.logs_are_kept, lambda t: one(t, "Atoll-Release", "AWS::Logs::LogGroup").pop("RetentionInDays")),
    (
        holds.the_balancer_is_internal_and_fips,
        lambda t: one(t, "Atoll-Tracking", "AWS::ElasticLoadBalancingV2::LoadBalancer").update(
            Scheme="internet-facing"
        ),
    ),
    (
        holds.the_balancer_is_internal_and_fips,
        lambda t: one(t, "Atoll-Tracking", "AWS::ElasticLoadBalancingV2::Listener").update(
            SslPolicy="ELBSecurityPolicy-2016-08"
        ),
    ),
    (
        holds.containers_are_confined,
        lambda t: one(t, "Atoll-Tracking", "AWS::ECS::TaskDefinition")[CONTAINER][0].update(User="root"),
    ),
    (
        holds.containers_are_confined,
        lambda t: one(t, "Atoll-Tracking", "AWS::ECS::TaskDefinition")[CONTAINER][0].update(Image="mlflow:latest"),
    ),
    (holds.functions_are_traced, lambda t: one(t, "Atoll-Release", "AWS::Lambda::Function").pop("TracingConfig")),
    (
        holds.functions_are_traced,
        lambda t: one(t, "Atoll-Tracking", "AWS::Lambda::Function").update(TracingConfig={"Mode": "PassThrough"}),
    ),
    (
        serves.models_are_isolated,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model").update(EnableNetworkIsolation=False),
    ),
    (serves.models_are_isolated, lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model").pop("VpcConfig")),
    (
        serves.models_are_named_by_digest,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model")["PrimaryContainer"].update(Image="model:latest"),
    ),
    (
        serves.models_are_named_by_digest,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model")["PrimaryContainer"].update(ModelDataUrl="s3://b/latest"),
    ),
    (
        serves.endpoint_disks_are_under_our_keys,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::EndpointConfig").pop("KmsKeyId"),
    ),
    (
        serves.endpoint_disks_are_under_our_keys,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::EndpointConfig").update(DataCaptureConfig={"EnableCapture": True}),
    ),
    (
        serves.endpoint_disks_are_under_our_keys,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::EndpointConfig")["ProductionVariants"][0].update(
            InstanceType="ml.m5d.large"
        ),
    ),
    (
        serves.endpoints_roll_back,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Endpoint")["DeploymentConfig"].pop("AutoRollbackConfiguration"),
    ),
    (
        serves.endpoints_roll_back,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Endpoint")["DeploymentConfig"]["AutoRollbackConfiguration"][
            "Alarms"
        ].pop(),
    ),
    (
        serves.endpoints_roll_back,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Endpoint").update(RetainAllVariantProperties=False),
    ),
    (
        serves.a_first_deployment_needs_no_model,
        lambda t: whole(t, ENDPOINT, "AWS::SageMaker::Endpoint").pop("Condition"),
    ),
    (
        serves.a_first_deployment_needs_no_model,
        lambda t: whole(t, ENDPOINT, "AWS::ApplicationAutoScaling::ScalableTarget").pop("Condition"),
    ),
    (
        serves.a_release_moves_four_parameters,
        lambda t: t[ENDPOINT]["Parameters"].update(InstanceType={"Type": "String", "Default": ""}),
    ),
    (
        serves.a_release_moves_four_parameters,
        lambda t: t[ENDPOINT]["Parameters"]["ImageDigest"].update(AllowedPattern=".*"),
    ),
    (
        serves.a_release_moves_four_parameters,
        lambda t: t[ENDPOINT]["Parameters"]["ManifestSha256"].update(Default="0" * 64),
    ),
]
