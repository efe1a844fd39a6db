"""What each claim speaks of, and which determination statements of NIST SP 800-53A it carries.

A claim *shows* a statement when the statement's words are what the predicate asks of every subject, for all that these
templates deploy; where several claims show one, all must hold. It *supports* a statement when it shows the mechanism,
and the rest (operation, judgement, somebody else's part) is not in a template. A claim without subjects says nothing.
"""

from types import FunctionType

from compliance import (
    access,
    claimed_of_resources,
    claimed_of_rights,
    creation,
    database,
    encryption,
    groups,
    perimeter,
    permissions,
    predicates,
    reach,
    record,
    serving,
    watching,
)
from compliance.claim import Claim

_ROOMS = (
    predicates,
    groups,
    encryption,
    permissions,
    serving,
    perimeter,
    database,
    creation,
    reach,
    record,
    access,
    watching,
)
RULES: tuple[FunctionType, ...] = tuple(each for room in _ROOMS for each in room.CLAIMS)
"""Every predicate of our own pack. Some keep us from harm that no statement of the baseline speaks of."""

CLAIMS: tuple[Claim, ...] = (*claimed_of_resources.CLAIMED, *claimed_of_rights.CLAIMED)

MECHANISMS = frozenset(
    {
        *("au-9.4_obj", "cm-2.3_obj", "cm-3_obj.e", "cm-5.5_obj.a-1"),
        *("cp-9_obj.d-1", "cp-10.2_obj", "ia-5.6_obj", "ia-5.7_obj"),
    }
)
"""Statements of controls that NIST leaves to the organization, whose words are about what the system does by itself.

FedRAMP has each of them assessed by a test; what an organization must decide, write or review is none of these.
"""


def carried(predicate: FunctionType) -> tuple[str, ...]:
    """Give the ids of the statements that a predicate shows or supports; none for one that only keeps us from harm."""
    return tuple(each for claim in CLAIMS if claim.predicate is predicate for each in (*claim.shows, *claim.supports))
