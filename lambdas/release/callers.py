"""Who called, by the trail's word: no entry of ours knows who calls a function."""

import re
from dataclasses import dataclass

from lambdas.release import events, reports
from lambdas.release.ports import World


@dataclass(frozen=True)
class Person:
    """Who called, as the trail has it: the session's name and its role."""

    name: str
    role: str


def of_request(world: World, request: str) -> Person | None:
    """Return who made the call of a function with this id; None while the trail hasn't told."""
    named = world.audit.told(reports.ALL_MODELS, "asked_by", request)
    return Person(named[0].who, str(named[0].details.get("role", ""))) if named else None


def stranger(who: str, role: str, *, approver: str) -> str | None:
    """Return by whom something was done that an approver alone may do; None when a person of that role did it.

    A session is called as its person is (stacks/components/people.py), in lower-case letters and digits, so that no two
    are one to people. CloudTrail names the role that issued it by its ARN
    (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html); a role's
    name is unique in its account whatever its path.
    """
    if events.role_of(role) != events.role_of(approver):
        return f"by {role or 'whoever has no role'}, expected a session of {approver}"
    if not re.fullmatch(r"[a-z0-9]{2,64}", who):
        return f"by {who!r:.100}, expected lower-case letters and digits of a known person"
    return None
