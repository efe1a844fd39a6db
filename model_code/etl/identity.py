"""Ids for rows that brought none, rows that come twice, and lines of one purchase."""

from typing import cast

import ibis
from ibis.expr.types import StringValue, Table

from model_code.etl.checking import LINES
from model_code.etl.engine import Engine

DIGESTED = ("transaction_date", "merchant", "amount", "office", "card", "mcc", "agency", "description")
"""The fields that a made id is the sha256 of, as ISO date, amount with two decimals and texts, joined by U+001F."""
_NOT_CONTENT = ("line", "label", "kind")


def identified(rows: Table, engine: Engine) -> Table:
    """The rows, each with an id: those without one get the digest of their fields, equal ones of one file -2, -3."""
    if not engine.size(rows.filter(rows["transaction_id"] == "")):
        return rows
    digest = digest_of(rows)
    made = rows.mutate(digest=digest, file=rows["line"] // LINES, lacks=rows["transaction_id"] == "")
    times = ibis.row_number().over(group_by=["file", "lacks", "digest"], order_by="line")
    made = made.mutate(times=times)
    suffix = (made["times"] > 0).ifelse(ibis.literal("-") + (made["times"] + 1).cast("string"), "")
    ids = made["lacks"].ifelse(made["digest"] + suffix, made["transaction_id"])
    named = made.mutate(transaction_id=ids).drop("digest", "file", "lacks", "times")
    return engine.stored(named.select(rows.columns).order_by("line"))


def digest_of(rows: Table) -> StringValue:
    """The first 16 hex digits of the sha256 of a row's fields."""
    texts = {
        "transaction_date": rows["transaction_date"].cast("date").cast("string"),
        "amount": rows["amount"].cast("decimal(18, 2)").cast("string"),
    }
    parts = [texts.get(name, rows[name]) for name in DIGESTED]
    joined = cast("StringValue", ibis.literal("\x1f")).join(parts)
    return joined.hexdigest("sha256").substr(0, 16)


def repeats(rows: Table, engine: Engine, *, add_lines: bool) -> set[int]:
    """The places of rows that are there again: by their id; lines of purchases only as whole rows of another file.

    Of an id, the first row of the last file that has it stays: what came later is the later word on a purchase.
    """
    if add_lines:
        content = [name for name in rows.columns if name not in _NOT_CONTENT]
        numbered = rows.mutate(file=rows["line"] // LINES)
        nth = ibis.row_number().over(group_by=["file", *content], order_by="line")
        numbered = numbered.mutate(nth=nth)
        times = ibis.row_number().over(group_by=["nth", *content], order_by="line")
    else:
        numbered = rows.select("line", "transaction_id", file=rows["line"] // LINES)
        times = ibis.row_number().over(group_by="transaction_id", order_by=[ibis.desc("file"), "line"])
    counted = numbered.mutate(times=times)
    return set(engine.rows(counted.filter(counted["times"] > 0).select("line"))["line"].to_pylist())


def added_up(rows: Table) -> Table:
    """Rows of one id, payee and day as one: the first line's fields, the sum of the amounts, a label if any has one."""
    keys = ["transaction_id", "merchant", "transaction_date"]
    others = [name for name in rows.columns if name not in {*keys, "amount", "label", "line"}]
    purchases = rows.group_by(keys).agg(
        **{name: rows[name].argmin(rows["line"]) for name in others},
        amount=rows["amount"].sum().round(2),
        label=rows["label"].max(),
        first=rows["line"].min(),
    )
    # One id of two days or payees is two purchases.
    times = ibis.row_number().over(group_by="transaction_id", order_by="first")
    counted = purchases.mutate(times=times)
    suffix = (counted["times"] > 0).ifelse(ibis.literal("-") + (counted["times"] + 1).cast("string"), "")
    named = counted.mutate(transaction_id=counted["transaction_id"] + suffix).rename(line="first")
    return named.select(rows.columns)
