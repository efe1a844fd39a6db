"""Who did it, in CloudTrail's words."""

from local.events import caller_identity

ACCOUNT = "000000000000"


def test_a_persons_session_names_the_person_and_the_role() -> None:
    identity = caller_identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/Approver/bob")
    assert identity["type"] == "AssumedRole"
    assert str(identity["principalId"]).endswith(":bob")
    assert identity["sessionContext"] == {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAAPPROVER",
            "arn": f"arn:aws:iam::{ACCOUNT}:role/Approver",
            "accountId": ACCOUNT,
            "userName": "Approver",
        },
        "attributes": {"mfaAuthenticated": "false"},
    }


def test_a_user_and_the_root_are_told_apart() -> None:
    assert caller_identity(f"arn:aws:iam::{ACCOUNT}:user/team/ann")["userName"] == "ann"
    assert caller_identity(f"arn:aws:iam::{ACCOUNT}:root")["type"] == "Root"
