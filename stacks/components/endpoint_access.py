"""Who may call an endpoint: only while its tag admits callers. An operator changes the tag, and nobody gets an answer.

IAM reads an endpoint's tags at each call (`aws:ResourceTag`), so this takes effect without CloudFormation, also while a
release runs: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from compliance.accepted import NAMED_AT_RUN_TIME
from stacks.components import arns
from stacks.components.roles import RolePolicy

CALLERS, ADMITTED, REFUSED = "atoll:callers", "admitted", "refused"


def invoke_endpoints(policy: RolePolicy) -> None:
    """Allow to call the endpoints whose tag admits callers. Each right of ours to call an endpoint comes from here."""
    policy.allow_pattern(
        "sagemaker:InvokeEndpoint",
        on=[arns.sagemaker(policy, "endpoint", "atoll-*")],
        because=NAMED_AT_RUN_TIME,
        when={"StringEquals": {f"aws:ResourceTag/{CALLERS}": ADMITTED}},
    )


def cut_off_endpoints(policy: RolePolicy) -> None:
    """Allow to refuse all callers of an endpoint, and to delete it, without CloudFormation; never to admit callers."""
    endpoints = [arns.sagemaker(policy, "endpoint", "atoll-*")]
    policy.allow_pattern("sagemaker:DeleteEndpoint", "sagemaker:ListTags", on=endpoints, because=NAMED_AT_RUN_TIME)
    refuse_callers(policy)


def refuse_callers(policy: RolePolicy) -> None:
    """Allow to refuse all callers of an endpoint, and nothing else."""
    policy.allow_pattern(
        "sagemaker:AddTags",
        on=[arns.sagemaker(policy, "endpoint", "atoll-*")],
        because=NAMED_AT_RUN_TIME,
        when={
            "StringEquals": {f"aws:RequestTag/{CALLERS}": REFUSED},
            "ForAllValues:StringEquals": {"aws:TagKeys": [CALLERS]},
            "Null": {"aws:TagKeys": "false"},
        },
    )
