"""What each status of a CloudFormation stack means for the release path; only a stack that moves is waited for.

All of them stand in https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html, told in
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html.
"""

from enum import Enum


class Rest(Enum):
    """How a stack stands."""

    MOVES = "an operation runs"
    DONE = "the last operation did what it was asked, and another may follow"
    BACK = "the last operation was taken back (or only named resources), and another may follow"
    HALF = "an update failed and was left as it is; RollbackStack takes it back"
    STUCK = "no change set is taken until people have acted"


RESTS = {
    "CREATE_IN_PROGRESS": Rest.MOVES,
    "CREATE_COMPLETE": Rest.DONE,
    "CREATE_FAILED": Rest.STUCK,
    "ROLLBACK_IN_PROGRESS": Rest.MOVES,
    "ROLLBACK_COMPLETE": Rest.STUCK,
    "ROLLBACK_FAILED": Rest.STUCK,
    "DELETE_IN_PROGRESS": Rest.MOVES,
    "DELETE_COMPLETE": Rest.STUCK,
    "DELETE_FAILED": Rest.STUCK,
    "UPDATE_IN_PROGRESS": Rest.MOVES,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": Rest.MOVES,
    "UPDATE_COMPLETE": Rest.DONE,
    "UPDATE_FAILED": Rest.HALF,
    "UPDATE_ROLLBACK_IN_PROGRESS": Rest.MOVES,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": Rest.MOVES,
    "UPDATE_ROLLBACK_COMPLETE": Rest.BACK,
    "UPDATE_ROLLBACK_FAILED": Rest.STUCK,
    "REVIEW_IN_PROGRESS": Rest.STUCK,  # a change set waits for a stack that was never made: nothing runs
    "IMPORT_IN_PROGRESS": Rest.MOVES,
    "IMPORT_COMPLETE": Rest.BACK,
    "IMPORT_ROLLBACK_IN_PROGRESS": Rest.MOVES,
    "IMPORT_ROLLBACK_COMPLETE": Rest.BACK,
    "IMPORT_ROLLBACK_FAILED": Rest.STUCK,
}


def rest_of(status: str) -> Rest:
    """Return how a stack of this status stands; one that we don't know takes nothing until people have looked."""
    return RESTS.get(status, Rest.STUCK)
