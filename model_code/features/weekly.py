"""The hybrid: what weekly forecasts say, as features of a single purchase. Trailing: complete weeks before its own.

Evaluated, not deployed: on Toronto's validation it didn't help the classifier (docs/evaluation.md).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

FORGETTING = 0.2
"""Weight of the newest week in simple exponential smoothing: one for all series, so that nothing is estimated on a
later week."""
FIELDS = ("office", "mcc")


def weekly_features(ledger: pd.DataFrame, fields: Sequence[str] = FIELDS) -> pd.DataFrame:
    """Return, row by row of the ledger, two features a field.

    `<field>_week_residual`: the last complete week's log spend against what the weeks before it let expect, in standard
    deviations; `<field>_week_share`: the log of this purchase against the spend expected of its week. Both 0 where
    there is no week before.
    """
    week = ledger["transaction_date"] - pd.to_timedelta(ledger["transaction_date"].dt.day_of_week, "D")
    features = {}
    for field in fields:
        known = _known_on_monday(ledger.assign(week=week, spend=ledger["amount"].clip(lower=0)), field)
        joined = pd.DataFrame({"week": week, field: ledger[field]}).merge(known, how="left", on=["week", field])
        share = np.log1p(ledger["amount"].clip(lower=0).to_numpy()) - joined["expected"].to_numpy()
        features[f"{field}_week_residual"] = joined["residual"].fillna(0.0).to_numpy()
        features[f"{field}_week_share"] = np.nan_to_num(share)
    return pd.DataFrame(features, index=ledger.index)


def _known_on_monday(ledger: pd.DataFrame, field: str) -> pd.DataFrame:
    """Week, value of the field: the expectation of the week, and the residual of the week before."""
    spend = ledger.pivot_table(index="week", columns=field, values="spend", aggfunc="sum", fill_value=0.0)
    weeks = pd.date_range(spend.index.min(), spend.index.max(), freq="7D", name="week")
    logs = pd.DataFrame(np.log1p(spend.to_numpy()), spend.index, spend.columns).reindex(weeks, fill_value=0.0)
    level = logs.ewm(alpha=FORGETTING, adjust=True).mean()
    residual = logs - level.shift(1)
    deviation = (residual**2).ewm(alpha=FORGETTING, adjust=True).mean().shift(1) ** 0.5 + 0.5  # few weeks: not so odd
    tables = {"expected": level.shift(1), "residual": (residual / deviation).shift(1)}
    long = [table.reset_index().melt("week", value_name=name) for name, table in tables.items()]
    return long[0].merge(long[1], on=["week", field])
