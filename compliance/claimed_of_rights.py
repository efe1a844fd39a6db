"""Which determination statements the claims about rights, sessions and records carry (see `compliance.claims`)."""

from collections.abc import Iterable

from compliance import access as may_enter
from compliance import permissions as may
from compliance import record as keeps
from compliance import watching as watches
from compliance.claim import Claim, allowing, kinds, near_secrets, of_the_record, policies, policies_of_people
from compliance.templates import Resource, Templates, resources
from stacks.regions import service_principal

EXECUTE = "cloudformation:ExecuteChangeSet"
_EXECUTES = allowing(EXECUTE)
_STARTS = allowing(*(f"sagemaker:Create{kind}Job" for kind in ("Training", "Processing", "HyperParameterTuning")))


def _executing_functions(templates: Templates) -> Iterable[Resource]:
    roles = [
        role
        for role in resources(templates, "AWS::IAM::Role")
        if service_principal("lambda") in str(role.properties["AssumeRolePolicyDocument"])
    ]
    held = may_enter.held_by(roles, templates)
    return {each.policy.place: each.policy for each in held if EXECUTE in each.actions}.values()


CLAIMED: tuple[Claim, ...] = (
    Claim(
        predicate=may.actions_are_listed,
        over=policies,
        shows=("ac-3_obj",),
        supports=("ac-6_obj", "cm-7_obj.b-1"),
    ),
    Claim(
        predicate=may.people_say_who_they_are,
        over=may_enter.roles_of_people,
        shows=("ia-2_obj-2",),
        supports=("ia-2_obj-1", "ia-2.5_obj"),
    ),
    Claim(
        predicate=may.nobody_approves_own_work,
        over=_EXECUTES,
        shows=("cm-5.1_obj.a",),
        supports=("ac-5_obj.b", "cm-5_obj-6"),
    ),
    Claim(
        predicate=may.execution_is_by_name,
        over=_EXECUTES,
        shows=("cm-5.1_obj.a",),
        supports=("cm-6_obj.d-2",),
    ),
    Claim(predicate=may.no_function_moves_forward, over=_executing_functions, shows=("cm-5.1_obj.a",)),
    Claim(
        predicate=may.people_make_no_change_sets,
        over=policies_of_people,
        shows=("cm-5.1_obj.a", "cm-5.5_obj.a-1"),
    ),
    Claim(
        predicate=may.change_sets_stay_within_the_fence,
        over=allowing("cloudformation:CreateChangeSet"),
        shows=("cm-5.1_obj.a",),
        supports=("cm-5.5_obj.a-2",),
    ),
    Claim(
        predicate=may.only_safe_jobs_start,
        over=_STARTS,
        shows=("ac-4_obj", "ia-2_obj-2"),
    ),
    Claim(predicate=may.roles_are_passed_by_name, over=allowing("iam:PassRole"), supports=("ac-6_obj",)),
    Claim(predicate=may.every_role_is_bounded, over=kinds("AWS::IAM::Role"), supports=("ac-6_obj",)),
    Claim(predicate=keeps.the_record_is_written_once, over=of_the_record, shows=("au-9_obj.a",)),
    Claim(predicate=keeps.kinds_of_entries_have_their_writers, over=of_the_record, shows=("au-9_obj.a",)),
    Claim(
        predicate=keeps.mlflows_administrator_is_used_where_it_must_be,
        over=near_secrets,
        shows=("ia-5_obj.g", "ia-5.6_obj"),
    ),
    Claim(predicate=keeps.cloudformation_alone_governs_the_record, over=of_the_record, shows=("au-9.4_obj",)),
    Claim(predicate=keeps.no_lifecycle_reaches_the_record, over=of_the_record, supports=("au-11_obj", "si-12_obj-2")),
    Claim(
        predicate=watches.every_call_is_recorded,
        over=kinds("AWS::CloudTrail::Trail"),
        shows=("cm-5.1_obj.b",),
        supports=(
            "ac-2_obj.g",
            "ac-2.7_obj.c",
            "ac-17.1_obj-1",
            "cm-3_obj.f-1",
            "ac-6.9_obj",
            "au-12_obj.a",
            "au-12_obj.c",
        ),
    ),
    Claim(
        predicate=watches.the_record_is_locked,
        over=lambda templates: [
            *resources(templates, "AWS::CloudTrail::Trail"),
            *watches.locked_buckets(templates),
        ],
        shows=("au-9_obj.a", "si-7_obj.a-3"),
        supports=("au-11_obj", "cm-2.3_obj", "cm-3_obj.e"),
    ),
    Claim(
        predicate=watches.traffic_is_recorded,
        over=kinds("AWS::EC2::VPC", "AWS::EC2::FlowLog"),
        supports=("si-4_obj.a.2-2", "si-4.4_obj.b-1", "si-4.4_obj.b-2", "sc-7_obj.a-1", "sc-7_obj.a-3", "si-4_obj.c.1"),
    ),
    Claim(
        predicate=watches.nobody_ends_a_record,
        over=policies,
        shows=("au-9_obj.a", "au-9.4_obj"),
    ),
    Claim(
        predicate=watches.alarms_tell_somebody,
        over=kinds("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"),
        supports=("si-4.2_obj", "si-4.5_obj", "si-6_obj.c-1"),
    ),
    Claim(
        predicate=may_enter.people_hold_no_right_over_rights,
        over=policies_of_people,
        shows=("ac-6.10_obj", "cm-5.5_obj.a-1"),
        supports=("sc-2_obj",),
    ),
    Claim(
        predicate=may_enter.sessions_end,
        over=may_enter.roles_of_people,
        supports=("ac-12_obj",),
    ),
    Claim(
        predicate=may_enter.idle_connections_end,
        over=kinds("AWS::ElasticLoadBalancingV2::LoadBalancer"),
        shows=("sc-10_obj",),
    ),
    Claim(
        predicate=may_enter.secrets_are_made_by_the_service,
        over=kinds("AWS::SecretsManager::Secret"),
        shows=("ia-5_obj.b", "ia-5_obj.c"),
    ),
    Claim(
        predicate=may_enter.plain_text_is_refused,
        over=kinds(*may_enter.ANSWERING, *(f"{kind}Policy" for kind in may_enter.ANSWERING)),
        shows=("sc-8_obj", "sc-8.1_obj"),
    ),
    Claim(
        predicate=may_enter.firewalls_limit_requests,
        over=kinds("AWS::WAFv2::WebACL"),
        shows=("sc-5_obj.b",),
        supports=("sc-5_obj.a",),
    ),
)
