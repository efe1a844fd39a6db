"""Months overlap: a new file's rows that are known already are marked, and none of them stands in the ledger twice."""

from collections.abc import Sequence
from functools import reduce
from typing import cast

import ibis
from ibis.expr.types import BooleanValue, Table

FRESH, CHANGED, KNOWN, SCORED = "new", "changed", "in the ledger", "scored before"
"""What a new file's row is: never seen; an id of the ledger or of earlier scores with other content; as it stands in
the ledger; as it was scored before. The first two are ranked, the others marked."""
COMPARED = ("transaction_date", "office", "merchant", "amount", "currency")
"""An id with other values of these is another purchase, or a corrected one."""


def with_history(history: Table, new: Table, earlier: Sequence[Table]) -> Table:
    """All rows once: those of the history with line 0 and no status, the new file's with `line` and `status`.

    Where both have an id, the new file's row counts: it is the later word on that purchase.
    """
    compared = _compared(new, history, "old")
    columns = list(new.columns)
    if earlier:
        ids = reduce(lambda one, two: one.union(two), [each.select("transaction_id", *COMPARED) for each in earlier])
        compared = _compared(compared, ids.distinct(on="transaction_id"), "earlier")
        status = ibis.cases(
            (compared["earlier_same"], SCORED),
            (compared["old_same"], KNOWN),
            (compared["earlier_known"] | compared["old_known"], CHANGED),
            else_=FRESH,
        )
    else:
        status = ibis.cases((compared["old_same"], KNOWN), (compared["old_known"], CHANGED), else_=FRESH)
    marked = compared.select(*columns, status=status)
    rest = history.anti_join(new, "transaction_id").select(*columns).mutate(line=ibis.literal(0).cast("int64"))
    return rest.mutate(status=ibis.literal("")).union(marked)


def _compared(rows: Table, others: Table, name: str) -> Table:
    """The rows with `<name>_known` and `<name>_same`: whether others have the id, and with the same content."""
    renamed = others.select(**{f"{name}_id": "transaction_id"}, **{f"{name}_{field}": field for field in COMPARED})
    joined = rows.left_join(renamed, rows["transaction_id"] == renamed[f"{name}_id"])
    known = joined[f"{name}_id"].notnull()
    same = cast("BooleanValue", known)
    for field in COMPARED:
        same &= joined[field] == joined[f"{name}_{field}"]
    marked = joined.mutate(**{f"{name}_known": known, f"{name}_same": same.coalesce(ibis.literal(0).cast("boolean"))})
    return marked.drop(f"{name}_id", *(f"{name}_{field}" for field in COMPARED))
