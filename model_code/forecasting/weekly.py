"""Weekly spend as series of equal length: a week without a purchase is a zero, not a gap."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from model_code.errors import InputError

FIELDS = ("agency", "office", "mcc")
WEEK = timedelta(days=7)
BUSY = 0.9
"""A series needs purchases in this share of its weeks: of a rarer one, a week says nothing."""


def weekly_spend(ledger: pd.DataFrame, field: str) -> pd.DataFrame:
    """Return the spend (refunds left out) of each complete week, Monday first, by the values of `field`.

    Rows are weeks, columns the values with purchases in nine weeks of ten; rows without a value are in none.

    Raises:
        InputError: the ledger lacks a column.
    """
    if lacking := {"transaction_date", "amount", field} - set(ledger.columns):
        raise InputError(f"The ledger has no column {', '.join(sorted(lacking))}; expected Atoll's own schema.")
    days = pd.to_datetime(ledger["transaction_date"])
    if days.empty:
        raise InputError("The ledger has no rows; nothing can be forecast.")
    last = _monday_from(days.max() + timedelta(days=1)) - WEEK
    weeks = pd.date_range(_monday_from(days.min()), last - WEEK, freq="7D")
    if weeks.empty:
        raise InputError(f"The ledger ({days.min():%F} to {days.max():%F}) holds no whole week from Monday to Sunday.")
    week = days - pd.to_timedelta(days.dt.day_of_week, "D")
    named = ledger.assign(week=week, spend=ledger["amount"].clip(lower=0))[ledger[field].fillna("") != ""]
    spend = named.pivot_table(index="week", columns=field, values="spend", aggfunc="sum", fill_value=0.0)
    spend = spend.reindex(weeks, fill_value=0.0)
    return spend.loc[:, (spend > 0).mean() >= BUSY].rename(columns=str)


def in_logs(spend: pd.DataFrame) -> pd.DataFrame:
    """Return ln(1 + spend): weeks differ by factors, not by sums."""
    return pd.DataFrame(np.log1p(spend.to_numpy()), index=spend.index, columns=spend.columns)


def _monday_from(day: datetime) -> date:
    """The first Monday from this day on."""
    return day.date() + timedelta(days=-day.weekday() % 7)
