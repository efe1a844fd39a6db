"""The evaluator's additions, on the emulator's own policy evaluation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from local import policy_variables
from local.policy_variables import UnsupportedPolicyError, expand_variables

APPROVER = {
    "Statement": [
        {"Effect": "Allow", "Action": "cloudformation:ExecuteChangeSet", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "cloudformation:ExecuteChangeSet",
            "Resource": "*",
            "Condition": {"StringLike": {"cloudformation:ChangeSetName": "*-by-${aws:PrincipalTag/uid}-*"}},
        },
        {
            "Effect": "Deny",
            "Action": "cloudformation:ExecuteChangeSet",
            "Resource": "*",
            "Condition": {"Null": {"aws:PrincipalTag/uid": "true"}},
        },
    ]
}


@pytest.fixture(scope="module", autouse=True)
def variables_registered() -> None:
    policy_variables.register()


def decision(
    policy: dict[str, Any],
    *,
    uid: str | None,
    resource: str = "*",
    action: str = "cloudformation:ExecuteChangeSet",
    name: str = "r-by-alice-0123456789ab",
) -> str:
    context = EvalContext(
        principal_arn="arn:aws:sts::000000000000:assumed-role/Approver/x",
        principal_type="AssumedRole",
        principal_account="000000000000",
        action=action,
        resource_arn=resource,
        region="us-east-1",
        service_context={"cloudformation:changesetname": name},
        principal_keys={"aws:principaltag/uid": uid} if uid else {},
    )
    return evaluate(context, [parse_policy_document(policy)]).decision


def test_a_person_never_executes_a_release_that_carries_their_own_id() -> None:
    assert decision(APPROVER, uid="alice") == "Deny"


def test_another_person_may_execute_it() -> None:
    assert decision(APPROVER, uid="bob") == "Allow"


def test_an_id_that_is_only_part_of_the_submitters_id_is_another_person() -> None:
    assert decision(APPROVER, uid="ali") == "Allow"


def test_a_session_without_an_id_is_denied_by_the_null_statement() -> None:
    assert decision(APPROVER, uid=None) == "Deny"


def test_the_change_sets_arn_doesnt_hide_the_id() -> None:
    arn = "arn:aws:cloudformation:us-east-1:000000000000:changeSet/r-by-alice-0123456789ab/1"
    assert decision(APPROVER, uid="alice", name=arn) == "Deny"


def test_a_resource_with_a_variable_names_ones_own_folder_only() -> None:
    own = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/uid}/*"}}
    assert decision(own, uid="bob", action="s3:GetObject", resource="arn:aws:s3:::b/bob/x") == "Allow"
    assert decision(own, uid="bob", action="s3:GetObject", resource="arn:aws:s3:::b/alice/x") == "ImplicitDeny"
    assert decision(own, uid=None, action="s3:GetObject", resource="arn:aws:s3:::b//x") == "ImplicitDeny"


def test_a_value_that_would_act_as_a_wildcard_is_refused() -> None:
    with pytest.raises(UnsupportedPolicyError, match="letters and digits"):
        expand_variables("${aws:username}", {"aws:username": "*"}.get)


def test_a_default_stands_in_for_a_missing_value() -> None:
    assert expand_variables("team-${aws:PrincipalTag/team, 'none'}", lambda _: None) == "team-none"


@given(st.text(alphabet="abcXYZ019*?/:-"))
def test_text_without_variables_stays_as_it_is(text: str) -> None:
    assert expand_variables(text, lambda _: None) == text


@given(st.from_regex(r"[A-Za-z0-9]{1,20}", fullmatch=True))
def test_every_uid_is_denied_its_own_releases_and_no_others(uid: str) -> None:
    assert decision(APPROVER, uid=uid, name=f"r-by-{uid}-0123456789ab") == "Deny"
    assert decision(APPROVER, uid=uid, name=f"r-by-{uid}x-0123456789ab") == "Allow"
