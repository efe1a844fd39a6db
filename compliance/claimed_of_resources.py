"""Which determination statements the claims about networks, keys, models and stores carry (see `compliance.claims`)."""

from compliance import database as stores
from compliance import encryption, groups
from compliance import perimeter as bounds
from compliance import predicates as holds
from compliance import serving as serves
from compliance.claim import Claim, allowing, kinds, under_a_key

_RULES = kinds("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
_BALANCING = kinds(
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
)

CLAIMED: tuple[Claim, ...] = (
    Claim(
        predicate=serves.models_are_isolated,
        over=kinds("AWS::SageMaker::Model"),
        shows=("ac-4_obj",),
    ),
    Claim(
        predicate=groups.no_rule_is_open,
        over=_RULES,
        shows=(
            *("ac-4_obj", "ac-4.21_obj-1", "cm-7_obj.b-2", "cm-7_obj.b-3"),
            *("sc-7_obj.a-4", "sc-7.5_obj-1", "sc-7.5_obj-2"),
        ),
    ),
    Claim(
        predicate=encryption.everything_is_under_our_keys,
        over=under_a_key,
        shows=("cp-9_obj.d-1", "ia-5.6_obj", "sc-28.1_obj-1"),
        supports=("cp-9.8_obj", "sc-28.1_obj-2", "sc-28_obj"),
    ),
    Claim(
        predicate=holds.logs_are_kept,
        over=kinds("AWS::Logs::LogGroup"),
        supports=("au-11_obj",),
    ),
    Claim(
        predicate=holds.the_balancer_is_internal_and_fips,
        over=_BALANCING,
        shows=("ia-5.1_obj.c", "sc-8_obj", "sc-8.1_obj"),
        supports=("ac-17.2_obj", "ac-17.3_obj", "sc-13_obj.b"),
    ),
    Claim(
        predicate=holds.one_door_is_for_machines,
        over=kinds("AWS::ElasticLoadBalancingV2::Listener"),
        supports=("ia-2_obj-1",),
    ),
    Claim(
        predicate=holds.firewall_logs_hold_no_credentials,
        over=kinds("AWS::WAFv2::LoggingConfiguration"),
        supports=("ia-5_obj.h-2",),
    ),
    Claim(
        predicate=holds.the_trail_does_not_record_itself,
        over=kinds("AWS::CloudTrail::Trail"),
        supports=("au-4_obj",),
    ),
    Claim(
        predicate=holds.what_decides_is_watched,
        over=kinds("AWS::CloudTrail::Trail"),
        supports=("si-4_obj.b", "au-2_obj.c-2", "au-12_obj.a", "au-12_obj.c"),
    ),
    Claim(
        predicate=holds.alarms_may_notify,
        over=kinds("AWS::SNS::TopicPolicy"),
        supports=("si-4.5_obj",),
    ),
    Claim(
        predicate=holds.no_secret_is_in_plain_sight,
        over=kinds("AWS::Lambda::Function", "AWS::ECS::TaskDefinition", "AWS::SageMaker::Model"),
        shows=("ia-5_obj.g", "ia-5.7_obj"),
    ),
    Claim(
        predicate=holds.containers_are_confined,
        over=kinds("AWS::ECS::TaskDefinition"),
        supports=("cm-7_obj.a", "cm-7.2_obj", "cm-7.5_obj.b", "si-7_obj.a-1", "cm-7_obj.b-4"),
    ),
    Claim(
        predicate=serves.models_are_named_by_digest,
        over=kinds("AWS::SageMaker::Model"),
        supports=("si-7.1_obj-1", "si-7_obj.a-1"),
    ),
    Claim(
        predicate=serves.endpoint_disks_are_under_our_keys,
        over=kinds("AWS::SageMaker::EndpointConfig"),
        shows=("sc-28.1_obj-1",),
        supports=("sc-28_obj",),
    ),
    Claim(
        predicate=serves.endpoints_roll_back,
        over=kinds("AWS::SageMaker::Endpoint"),
        supports=("cp-10_obj-1", "si-7_obj.b-1"),
    ),
    Claim(
        predicate=bounds.no_way_leads_out_of_the_network,
        over=kinds("AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::ECS::Service"),
        shows=("sc-7_obj.a-2", "sc-7_obj.c", "sc-7.3_obj"),
        supports=("ac-17.3_obj",),
    ),
    Claim(
        predicate=bounds.no_foreign_name_is_answered,
        over=kinds("AWS::EC2::VPC"),
        supports=("sc-7.5_obj-1", "sc-7.5_obj-2"),
    ),
    Claim(
        predicate=bounds.endpoints_admit_our_account_alone,
        over=kinds("AWS::EC2::VPCEndpoint"),
        shows=("ac-4_obj", "cm-7_obj.b-5", "sc-7_obj.a-2", "sc-7_obj.c"),
    ),
    Claim(
        predicate=bounds.endpoints_have_groups_of_their_own,
        over=kinds("AWS::EC2::VPCEndpoint"),
        shows=("ac-4.21_obj-1", "sc-7_obj.a-4"),
    ),
    Claim(
        predicate=bounds.keys_are_used_through_services,
        over=kinds("AWS::KMS::Key"),
        supports=("sc-12_obj-2",),
    ),
    Claim(
        predicate=bounds.keys_have_one_purpose,
        over=under_a_key,
        supports=("sc-12_obj-1",),
    ),
    Claim(
        predicate=bounds.buckets_answer_our_machines_in_our_network,
        over=kinds("AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
        shows=("ac-3_obj",),
    ),
    Claim(
        predicate=stores.databases_take_tokens_over_tls,
        over=kinds("AWS::RDS::DBInstance"),
        shows=("ia-5.1_obj.c", "sc-8_obj", "sc-8.1_obj"),
    ),
    Claim(
        predicate=stores.databases_stand_in_two_zones,
        over=kinds("AWS::RDS::DBInstance"),
        shows=("cp-10.2_obj",),
        supports=("cp-9_obj.a", "cp-9_obj.b", "cp-9_obj.d-3"),
    ),
    Claim(
        predicate=stores.clients_check_the_databases_certificate,
        over=kinds("AWS::ECS::TaskDefinition"),
        supports=("ia-3_obj", "sc-23_obj"),
    ),
    Claim(
        predicate=stores.each_user_of_the_database_has_one_role, over=allowing("rds-db:connect"), supports=("ac-6_obj",)
    ),
)
