"""Which kinds of entries the record has, and below which prefix each lies.

Who may write below a prefix is IAM's and the bucket's (stacks/components/record.py). An entry that lies below another
prefix than its kind's was written by somebody who may not write it: it is no input, and an alarm.
"""

PREFIXES: dict[str, frozenset[str]] = {
    "jobs": frozenset(
        {
            "refused_before_registration",
            "training_failed",
            "training_stopped",
            "trial_completed",
            "trial_failed",
            "trial_stopped",
        }
    ),
    "requests": frozenset({"registered", "asked", "requested", "refused", "expired"}),
    "executions": frozenset(
        {
            "executed",
            "executed_unasked",
            "separation_of_duties_violated",
            "execution_denied",
            "way_back_executed",
            "way_back_denied",
        }
    ),
    "rejections": frozenset({"rejected", "rejection_denied"}),
    "outcomes": frozenset({"released", "rolled_back", "unproven", "adopted", "adoption_refused"}),
    "overtaken": frozenset({"superseded"}),
    "deployments": frozenset({"deployment_seen", "deployed", "intrusion", "hangs", "remains", "stands_still"}),
    "asks": frozenset({"way_back_asked"}),
    "callers": frozenset({"asked_by", "asking_denied"}),
    "repairs": frozenset(
        {"redelivered", "registry_edited", "registry_rebuilt", "record_tampered", "adoption_asked", "moved_asked"}
    ),
}
"""Prefix below `audit/` -> the kinds of entries that lie there."""
_PREFIX_OF = {kind: prefix for prefix, kinds in PREFIXES.items() for kind in kinds}


class UnknownKindError(LookupError):
    """An entry of a kind that has no prefix: nobody could write it."""


def prefix_of(kind: str) -> str:
    """Return the prefix of a kind of entry.

    Raises:
        UnknownKindError: there is no such kind.
    """
    try:
        return _PREFIX_OF[kind]
    except KeyError:
        raise UnknownKindError(
            f"No prefix holds entries of the kind {kind!r}. Give it one in lambdas/release/kinds.py, and its "
            "writers in stacks/components/record.py."
        ) from None
