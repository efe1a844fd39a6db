"""The real-time view's features as a data scientist writes them in pandas: what `benchmarks.etl` holds ours against.

Each number is a rolling window of days over groups. Groups are formed once for each set of keys, and a window that two
features need is computed once.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model_code.features.thresholds import FAR_MICRO_PURCHASE, threshold_on

DAY = "transaction_date"
UNIT = 10_000
LONG = 3 * 365


def features(path: Path) -> pd.DataFrame:
    """All features of the ledger in a Parquet file, by `row`, one column each."""
    ledger = prepared(pd.read_parquet(path))
    rolling = Rolling(ledger)
    made = own(ledger) | card(rolling) | office(rolling) | merchant(rolling) | others(rolling)
    return pd.DataFrame(made).apply(lambda values: np.floor(values.astype(float) * 1e6 + 0.5) / 1e6)


def ln(values: pd.Series) -> pd.Series:
    """The natural logarithm."""
    return pd.Series(np.log(values))


def prepared(ledger: pd.DataFrame) -> pd.DataFrame:
    """The ledger with its keys, whole cents, logs in ten-thousandths and flags."""
    cents = np.floor(ledger["amount"] * 100 + 0.5).astype("int64")
    size = cents.abs()
    logs = np.floor(ln(1 + size / 100) * UNIT + 0.5).astype("int64")
    names = pd.Series(ledger["merchant"].unique())
    letters = names.str.replace("[^A-Z]+", " ", regex=True).str.strip()
    chains = letters.str.extract("^([A-Z]+(?: [A-Z]+)?)", expand=False).fillna(names)
    return ledger.assign(
        card=ledger["card"].where(ledger["card"] != "", "\x1f" + ledger["transaction_id"]),
        chain=ledger["merchant"].map(dict(zip(names, chains, strict=True))),
        cents=cents,
        size=size,
        logs=logs,
        squares=logs * logs,
        hundreds=(size % 10_000 == 0).astype("int64"),
        day=ledger[DAY].astype("datetime64[ns]").astype("int64") // pd.Timedelta(days=1).value,
        weekend=(ledger[DAY].dt.day_of_week >= 5).astype("int64"),  # noqa: PLR2004 (Monday is 0, Saturday 5)
    )


class Rolling:
    """Counts, sums and largest values over the days before each purchase, its own day left out."""

    def __init__(self, ledger: pd.DataFrame) -> None:
        """Of a ledger in order of days."""
        self.ledger = ledger
        self._groups: dict[tuple[str, ...], Any] = {}
        self._windows: dict[tuple, pd.Series] = {}

    def __call__(self, how: str, column: str, by: tuple[str, ...], days: int) -> pd.Series:
        """Missing where a group has no purchase in these days."""
        if (window := (how, column, by, days)) not in self._windows:
            groups, order = self._grouped(by)
            rolled = groups.rolling(f"{days}D", on=DAY, closed="left", min_periods=1)[column]
            self._windows[window] = pd.Series(getattr(rolled, how)().to_numpy(), order).sort_index()
        return self._windows[window]

    def _grouped(self, by: tuple[str, ...]) -> Any:  # noqa: ANN401 (pandas has no public name for it)
        if by not in self._groups:
            groups = self.ledger.groupby(list(by), sort=False)
            self._groups[by] = groups, np.concatenate(list(groups.indices.values()))
        return self._groups[by]

    def count(self, *by: str, days: int) -> pd.Series:
        """How many purchases."""
        return self("count", "size", by, days).fillna(0)

    def number(self, *by: str, days: int) -> pd.Series:
        """ln(1 + how many)."""
        return ln(1 + self.count(*by, days=days))

    def sum(self, column: str, *by: str, days: int) -> pd.Series:
        """The sum of a column; 0 over nothing."""
        return self("sum", column, by, days).fillna(0)

    def spend(self, *by: str, days: int) -> pd.Series:
        """ln(1 + what was spent)."""
        return ln(1 + self.sum("size", *by, days=days) / 100)

    def days_since(self, *by: str, days: int) -> pd.Series:
        """Days since the last one; `days` + 1 if there is none."""
        return (self.ledger["day"] - self("max", "day", by, days)).fillna(days + 1)

    def unusual(self, *by: str, days: int) -> pd.Series:
        """How far the log lies from the mean, in standard deviations."""
        count = self.count(*by, days=days).replace(0, np.nan)
        mean, square = (self.sum(column, *by, days=days) / count for column in ("logs", "squares"))
        deviation = ((square - mean * mean).clip(lower=0) / UNIT**2 + 0.1) ** 0.5
        return ((self.ledger["logs"] - mean) / UNIT / deviation).fillna(0)

    def above_largest(self, *by: str, days: int) -> pd.Series:
        """The log minus the largest one before."""
        return ((self.ledger["logs"] - self("max", "logs", by, days)) / UNIT).fillna(0)

    def share(self, flag: str, *by: str, days: int) -> pd.Series:
        """The share with a flag."""
        return self.sum(flag, *by, days=days) / (1 + self.count(*by, days=days))

    def share_within(self, part: tuple[str, ...], whole: str, days: int) -> pd.Series:
        """The part's share of the whole."""
        return (1 + self.count(*part, days=days)) / (1 + self.count(whole, days=days))


def own(ledger: pd.DataFrame) -> dict[str, pd.Series]:
    """Of the purchase alone."""
    days = {day: threshold_on(day.date(), FAR_MICRO_PURCHASE) for day in ledger[DAY].unique()}
    size = ledger["size"]
    return {
        "amount_log": ledger["logs"] / UNIT,
        "refund": ledger["cents"] < 0,
        "share_of_threshold": ledger["cents"] / 100 / ledger[DAY].map(days),
        "roundness": sum((size % 10**zeros == 0).astype(int) for zeros in range(1, 6)),
        "price_ending": (size % 100).isin([95, 98, 99]),
        "weekend": ledger["weekend"],
        "merchant_on_the_web": ledger["merchant"].str.contains(r"WWW|\.(?:COM?|CA|NET|ORG)\b|\.C$|\*"),
        "foreign": (ledger["merchant_currency"] != "") & (ledger["merchant_currency"] != ledger["currency"]),
    }


def card(rolling: Rolling) -> dict[str, pd.Series]:
    """Of the card, and of the card at the merchant."""
    pair = ("card", "merchant")
    short, long = rolling.count("card", days=2), rolling.count("card", days=90)
    return {
        "card_number_1d": rolling.number("card", days=1),
        "card_number_3d": rolling.number("card", days=3),
        "card_number_30d": rolling.number("card", days=30),
        "card_pace": ln((1 + short) / (1 + long * (2 / 90))),
        "card_spend_7d": rolling.spend("card", days=7),
        "card_spend_30d": rolling.spend("card", days=30),
        "card_unusual": rolling.unusual("card", days=90),
        "card_above_largest": rolling.above_largest("card", days=90),
        "card_mcc_number": rolling.number("card", "mcc", days=90),
        "pair_number_5d": rolling.number(*pair, days=5),
        "pair_number_90d": rolling.number(*pair, days=90),
        "pair_spend_5d": rolling.spend(*pair, days=5),
        "pair_days_since": rolling.days_since(*pair, days=90),
        "pair_same_amount_15d": rolling.number(*pair, "cents", days=15),
    }


def office(rolling: Rolling) -> dict[str, pd.Series]:
    """Of the office, and of the office at the merchant."""
    here = ("office", "merchant")
    return {
        "office_mcc_number": ln(1 + rolling.count("office", "mcc", days=90).clip(upper=20)),
        "office_merchant_number": rolling.number(*here, days=90),
        "office_merchant_spend_5d": rolling.spend(*here, days=5),
        "office_same_amount_15d": rolling.number(*here, "cents", days=15),
        "office_same_amount_days_since": rolling.days_since(*here, "cents", days=90),
        "office_merchant_days_since": rolling.days_since(*here, days=LONG),
        "office_unusual": rolling.unusual("office", days=180),
        "office_merchant_unusual": rolling.unusual(*here, days=LONG),
        "office_mcc_share": rolling.share_within(("office", "mcc"), "office", LONG).clip(upper=0.05),
    }


def merchant(rolling: Rolling) -> dict[str, pd.Series]:
    """Of the merchant."""
    return {
        "merchant_number_7d": rolling.number("merchant", days=7),
        "merchant_number_30d": rolling.number("merchant", days=30),
        "merchant_number_90d": rolling.number("merchant", days=90),
        "merchant_days_since": rolling.days_since("merchant", days=LONG),
        "merchant_unusual": rolling.unusual("merchant", days=180),
        "merchant_above_largest": rolling.above_largest("merchant", days=180),
        "merchant_round_share": rolling.share("hundreds", "merchant", days=180),
        "merchant_weekend_share": rolling.share("weekend", "merchant", days=180),
        "merchant_mcc_share": rolling.share_within(("merchant", "mcc"), "merchant", 180),
        "merchant_mcc_share_long": rolling.share_within(("merchant", "mcc"), "merchant", LONG),
        "merchant_unusual_long": rolling.unusual("merchant", days=LONG),
        "same_amount_15d": rolling.number("merchant", "cents", days=15),
        "same_amount_90d": rolling.number("merchant", "cents", days=90),
    }


def others(rolling: Rolling) -> dict[str, pd.Series]:
    """Of the chain, the line of business, and the amount by itself."""
    return {
        "chain_mcc_share": rolling.share_within(("chain", "mcc"), "chain", LONG),
        "mcc_unusual": rolling.unusual("mcc", days=90),
        "amount_number": rolling.number("cents", days=365),
    }
