"""Months overlap: a new file's rows that are known already are marked, and none of them stands in the ledger twice."""

from collections.abc import Sequence
from functools import reduce

import ibis
from ibis.expr.types import Table

FRESH, CHANGED, KNOWN, SCORED = "new", "changed", "in the ledger", "scored before"
"""What a new file's row is: never seen; an id of the ledger or of earlier scores with other content; as it stands in
the ledger; as it was scored before. The first two are ranked, the others marked."""
COMPARED = ("transaction_date", "office", "merchant", "amount", "currency")
"""An id with other values of these is another purchase, or a corrected one."""


def with_history(history: Table, new: Table, earlier: Sequence[Table], own: Sequence[str] = ()) -> Table:
    """All rows once: those of the history with line 0 and no status, the new file's with `line` and `status`.

    Where both have an id, the new file's row counts: it is the later word on that purchase. `own` as `marked` has it.
    """
    columns = list(new.columns)
    rest = history.anti_join(new, "transaction_id").select(*columns).mutate(line=ibis.literal(0).cast("int64"))
    return rest.mutate(status=ibis.literal("")).union(marked(history, new, earlier, own))


def marked(history: Table, new: Table, earlier: Sequence[Table], own: Sequence[str] = ()) -> Table:
    """The new file's rows with their `status`.

    `own` are an agency's own columns that count as content, too; of scores that were given before such a column was
    declared, the others do.
    """
    columns = list(new.columns)
    found = {
        "scored": [_as_in(new, each, own) for each in earlier],
        "old": [_as_in(new, history, own)],
        "known": [history, *earlier],
    }
    joined = new
    for name, parts in found.items():
        ids = _ids(parts or [new.limit(0)]).rename({name: "transaction_id"})
        joined = joined.left_join(ids, joined["transaction_id"] == ids[name])
    status = ibis.cases(
        (joined["scored"].notnull(), SCORED),
        (joined["old"].notnull(), KNOWN),
        (joined["known"].notnull(), CHANGED),
        else_=FRESH,
    )
    return joined.select(*columns, status=status)


def _as_in(new: Table, others: Table, own: Sequence[str]) -> Table:
    """The rows that others have with the same content; a blank is like a blank."""
    fields = [*COMPARED, *(name for name in own if name in others.columns)]
    return new.semi_join(others, ["transaction_id", *(new[name].identical_to(others[name]) for name in fields)])


def _ids(parts: Sequence[Table]) -> Table:
    """The ids of all parts, each once."""
    return reduce(lambda one, two: one.union(two), [part.select("transaction_id") for part in parts]).distinct()
