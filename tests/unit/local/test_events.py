"""Who did it, in CloudTrail's words."""

import pytest

from local import events
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


def test_a_call_bears_a_time_from_before_what_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release is executed before it is released, however busy the machine is."""
    done: list[object] = []
    monkeypatch.setattr(events, "_call_detail", lambda *_: done.append("stamped") or {"eventName": "ExecuteChangeSet"})
    monkeypatch.setattr(events, "_tell_later", done.append)

    def execute(_params: object) -> tuple[int, dict[str, str], bytes]:
        done.append("executed")
        return 200, {}, b""

    events._announcing_call("ExecuteChangeSet", execute)({})

    assert done == ["stamped", "executed", {"eventName": "ExecuteChangeSet", "responseElements": None}]
