"""Ways to break the claims about permissions."""

from compliance import permissions as may
from tests.infrastructure.template_parts import CREATE, EXECUTE, Claim, Mutation, drop, one, rename, statement, trust

MUTATIONS: list[tuple[Claim, Mutation]] = [
    *(
        (
            may.actions_are_listed,
            lambda t, changed=changed: statement(t, "Atoll-Training", "TrainerJobs", "Allow", "iam:PassRole").update(
                changed
            ),
        )
        for changed in ({"Action": "iam:*"}, {"Action": ["iam:PassRole", "s3:Get*"]})
    ),
    *(
        (
            may.actions_are_listed,
            lambda t, kept=kept: rename(
                statement(t, "Atoll-Training", "TrainerJobs", "Allow", "iam:PassRole"), kept, f"Not{kept}"
            ),
        )
        for kept in ("Action", "Resource")
    ),
    (may.actions_are_listed, lambda t: one(t, "Atoll-Training", "AWS::IAM::Role").update(Policies=[])),
    (
        may.actions_are_listed,
        lambda t: one(t, "Atoll-Training", "AWS::IAM::Role")["ManagedPolicyArns"].append(
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/ReadOnlyAccess"]]}
        ),
    ),
    (may.every_role_is_on_the_path, lambda t: one(t, "Atoll-Release", "AWS::IAM::Role").pop("Path")),
    (may.every_role_is_bounded, lambda t: one(t, "Atoll-Training", "AWS::IAM::Role").pop("PermissionsBoundary")),
    *(
        (
            may.people_say_who_they_are,
            lambda t, operator=operator: trust(t, "Approver")["Condition"].pop(operator),
        )
        for operator in ("StringLike", "StringNotLike", "ForAllValues:StringEquals", "StringEqualsIfExists")
    ),
    (
        may.people_say_who_they_are,
        lambda t: trust(t, "Trainer")["Condition"]["StringNotLike"]["aws:RequestTag/uid"].remove("*-*"),
    ),
    (
        may.people_say_who_they_are,
        lambda t: one(t, "Atoll-Training", "AWS::IAM::Role", "Approver")["AssumeRolePolicyDocument"][
            "Statement"
        ].append({"Principal": {"AWS": "broker"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}),
    ),
    (may.services_act_for_this_account, lambda t: trust(t, "JobsTraining").pop("Condition")),
    (
        may.nobody_approves_own_work,
        lambda t: statement(t, "Atoll-Training", "Approver", "Deny", EXECUTE)["Condition"].update(
            StringLike={"cloudformation:ChangeSetName": "*-by-nobody-*"}, Null={}
        ),
    ),
    (may.nobody_approves_own_work, lambda t: drop(t, "Atoll-Training", "Approver", "Deny", EXECUTE)),
    (
        may.execution_is_by_name,
        lambda t: statement(t, "Atoll-Training", "Approver", "Allow", EXECUTE).pop("Condition"),
    ),
    (
        may.execution_is_by_name,
        lambda t: statement(t, "Atoll-Training", "Approver", "Allow", EXECUTE)["Condition"].update(
            StringLike={"cloudformation:ChangeSetName": ["arn:*:changeSet/r-by-*"]}
        ),
    ),
    (
        may.execution_is_by_name,
        lambda t: statement(t, "Atoll-Training", "Approver", "Allow", EXECUTE).update(Resource="*"),
    ),
    (
        may.people_make_no_change_sets,
        lambda t: statement(t, "Atoll-Training", "Operator", "Allow", "lambda:InvokeFunction").update(
            Action=["cloudformation:CreateChangeSet", "lambda:InvokeFunction"]
        ),
    ),
    (
        may.no_function_moves_forward,
        lambda t: statement(t, "Atoll-Release", "ReleaseSettled", "Allow", EXECUTE)["Condition"].update(
            StringLike={"cloudformation:ChangeSetName": ["r-by-*"]}
        ),
    ),
    (
        may.change_sets_stay_within_the_fence,
        lambda t: statement(t, "Atoll-Release", "TrainingCompleted", "Allow", CREATE)["Condition"].pop("ArnEquals"),
    ),
    (
        may.change_sets_stay_within_the_fence,
        lambda t: drop(t, "Atoll-Release", "TrainingCompleted", "Deny", CREATE),
    ),
    *(
        (
            may.only_safe_jobs_start,
            lambda t, operator=operator: statement(
                t, "Atoll-Training", "TrainerJobs", "Allow", "sagemaker:CreateTrainingJob"
            )["Condition"].pop(operator),
        )
        for operator in (
            "Bool",
            "ArnEquals",
            "ForAllValues:StringEquals",
            "Null",
            "NumericLessThanEquals",
            "StringEquals",
        )
    ),
    (
        may.roles_are_passed_by_name,
        lambda t: statement(t, "Atoll-Training", "TrainerJobs", "Allow", "iam:PassRole").update(Resource="*"),
    ),
    (
        may.roles_are_passed_by_name,
        lambda t: statement(t, "Atoll-Training", "TrainerJobs", "Allow", "iam:PassRole").pop("Condition"),
    ),
]
