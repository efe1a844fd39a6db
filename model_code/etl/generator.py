"""A seeded federal ledger: purchase cards and invoice payments, with labelled anomalies. All names in it are invented.

Amounts are mixtures of log-normals (so their first digits follow Benford's law), merchants have Zipf shares, offices
have habits, business follows the weekday and the fiscal year, and postings lag. Look-alikes of each anomaly occur
honestly, too: subscriptions repeat an amount, some trades open at weekends, some merchants close.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from model_code.etl.anomalies import KINDS, inject, limits, per_kind, posting_lags
from model_code.etl.profiles import AGENCIES, FIRST_NAMES, TRADES
from model_code.features.fields import FIELDS
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold

ROWS_PER_CARD = 150
CARDS_PER_OFFICE = 8
MERCHANTS_PER_OFFICE = 60
SUBSCRIPTION = "5734"
# Relative business by weekday (Monday first) and by month; the fiscal year ends in September.
WEEKDAYS = np.array([1.0, 1.08, 1.05, 1.0, 0.85, 0.16, 0.10])
MONTHS = np.array([0.92, 0.95, 1.02, 1.0, 1.0, 1.02, 1.0, 1.08, 1.45, 0.90, 0.92, 0.80])


def generate(
    rows: int,
    *,
    seed: int,
    start: date = date(2025, 1, 1),
    end: date = date(2026, 6, 30),
    thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE,
) -> pd.DataFrame:
    """A ledger of exactly `rows` rows from `start` to `end` (inclusive), in Atoll's schema; one seed, one ledger.

    Amounts are in USD with cents, dates are midnights; `label` is 1 for anomalies, `kind` one of KINDS (else "").

    Raises:
        ValueError: fewer than 500 rows or fewer than 60 days, too little for seven kinds of anomalies.
    """
    if rows < 500 or (end - start).days < 60:  # noqa: PLR2004 (the docstring's bounds)
        msg = f"A ledger needs at least 500 rows over 60 days; {rows} rows from {start} to {end} were asked for."
        raise ValueError(msg)
    rng = np.random.default_rng(seed)
    ordinary = rows - len(KINDS) * per_kind(rows)
    merchants = _merchants(max(200, rows // 20), rng)
    who = _payers(ordinary, rows, rng)
    dates = _dates(ordinary, start, end, rng)
    which = _choose_merchants(who["office"].to_numpy(), dates, merchants, rng, span=(start, end))
    chosen = merchants.iloc[which].reset_index(drop=True)
    ledger = who.assign(merchant=chosen["merchant"], mcc=chosen["mcc"], currency="USD")
    ledger["merchant_currency"] = chosen["merchant_currency"]
    ledger["transaction_date"] = _after_weekend(dates, chosen["at_weekends"].to_numpy(), rng, end)
    ledger["amount"] = _amounts(chosen, ledger, thresholds, rng)
    ledger["description"] = chosen["goods"] + " FOR " + ledger["office"].str.upper()
    ledger["posting_date"] = ledger["transaction_date"] + posting_lags(ordinary, rng)
    labelled = inject(_in_order(ledger, rng), seed=seed, rows_per_kind=per_kind(rows), thresholds=thresholds)
    return labelled.assign(transaction_id=[f"T{number:08d}" for number in range(1, len(labelled) + 1)])[list(FIELDS)]


def _in_order(ledger: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Rows by date, within a day in random order, with ids."""
    ordered = ledger.iloc[rng.permutation(len(ledger))].sort_values(
        "transaction_date", kind="stable", ignore_index=True
    )
    return ordered.assign(transaction_id=[f"T{number:08d}" for number in range(1, len(ordered) + 1)])


def _merchants(count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Merchants by falling popularity: name, trade, price level, and the part of the period (0..1) when they close."""
    shares = np.array([trade.share for trade in TRADES])
    trade = rng.choice(len(TRADES), count, p=shares / shares.sum())
    first = rng.integers(0, len(FIRST_NAMES), count)
    noun = rng.integers(0, 3, count)
    names = [
        f"{FIRST_NAMES[f]} {TRADES[t].nouns[n]} #{i:04d}"
        for i, (f, t, n) in enumerate(zip(first, trade, noun, strict=True))
    ]
    closes = np.where(rng.random(count) < 0.2, rng.uniform(0.1, 0.5, count), 1.0)  # noqa: PLR2004 (a fifth close)
    columns = {name: [getattr(TRADES[t], name) for t in trade] for name in ("mcc", "goods", "spread", "at_weekends")}
    abroad = np.arange(count) % 50 == 49  # noqa: PLR2004 (one in fifty, on the web)
    columns["merchant_currency"] = ["EUR" if web else "USD" for web in abroad]
    names = [f"WWW.{name.replace(' ', '')}.COM" if web else name for name, web in zip(names, abroad, strict=True)]
    level = np.array([TRADES[t].median for t in trade]) * rng.lognormal(0, 0.5, count)
    return pd.DataFrame({"merchant": names, **columns, "level": level, "closes": closes})


def _payers(count: int, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Agency, office, card and cost centre; about 4 % are invoices paid from the office's account, not a card."""
    cards = max(2 * len(AGENCIES), rows // ROWS_PER_CARD)
    offices = max(len(AGENCIES), cards // CARDS_PER_OFFICE)
    office_of_card = np.arange(cards) % offices
    activity = rng.lognormal(0, 0.6, cards)
    card = rng.choice(cards, count, p=activity / activity.sum())
    office = office_of_card[card]
    office_names = np.array(
        [f"{AGENCIES[o % len(AGENCIES)]} office {o // len(AGENCIES) + 1:02d}" for o in range(offices)]
    )
    card_names = np.array([f"CARD-{c:05d}" for c in range(cards)])
    accounts = np.array([f"PAY-{o:05d}" for o in range(offices)])
    invoice = rng.random(count) < 0.04  # noqa: PLR2004 (the share in the docstring)
    return pd.DataFrame(
        {
            "agency": np.array(AGENCIES)[office % len(AGENCIES)],
            "office": office_names[office],
            "card": np.where(invoice, accounts[office], card_names[card]),
            "cost_centre": [f"CC-{o:04d}-{c // offices % 3}" for o, c in zip(office, card, strict=True)],
        }
    )


def _dates(count: int, start: date, end: date, rng: np.random.Generator) -> pd.DatetimeIndex:
    days = pd.date_range(start, end, freq="D")
    year_end = 1 + 0.9 * ((days.month == 9) & (days.day > 15))  # noqa: PLR2004 (what isn't spent by 30 September is lost)
    weights = WEEKDAYS[days.day_of_week] * MONTHS[days.month - 1] * year_end
    return days[rng.choice(len(days), count, p=weights / weights.sum())]


def _choose_merchants(
    office: np.ndarray,
    dates: pd.DatetimeIndex,
    merchants: pd.DataFrame,
    rng: np.random.Generator,
    *,
    span: tuple[date, date],
) -> np.ndarray:
    """A merchant's position for each row: four in five from the office's own circle, by Zipf; none after it closed."""
    count, total = len(office), len(merchants)
    names, position = np.unique(office, return_inverse=True)
    zipf = 1 / np.arange(1, total + 1) ** 0.8
    circles = np.stack([rng.choice(total, MERCHANTS_PER_OFFICE, replace=False, p=zipf / zipf.sum()) for _ in names])
    habit = 1 / np.arange(1, MERCHANTS_PER_OFFICE + 1) ** 0.9
    own = circles[position, rng.choice(MERCHANTS_PER_OFFICE, count, p=habit / habit.sum())]
    anywhere = rng.choice(total, count, p=zipf / zipf.sum())
    chosen = np.where(rng.random(count) < 0.8, own, anywhere)  # noqa: PLR2004 (four in five)
    elapsed = np.asarray((dates - pd.Timestamp(span[0])) / (span[1] - span[0]))
    stays = np.flatnonzero(merchants["closes"].to_numpy() == 1.0)
    instead = rng.choice(stays, count, p=zipf[stays] / zipf[stays].sum())
    return np.where(elapsed > merchants["closes"].to_numpy()[chosen], instead, chosen)


def _after_weekend(
    dates: pd.DatetimeIndex, at_weekends: np.ndarray, rng: np.random.Generator, end: date
) -> pd.DatetimeIndex:
    """Trades that close at weekends do that business on Monday instead (unless the ledger ends before)."""
    weekday = dates.day_of_week.to_numpy()
    moved = dates + pd.to_timedelta(np.where(weekday > 4, 7 - weekday, 0), "D")  # noqa: PLR2004 (Saturday is 5)
    stays = (rng.random(len(dates)) < at_weekends) | (moved > pd.Timestamp(end))
    return pd.DatetimeIndex(np.where(stays, dates, moved))


def _amounts(
    chosen: pd.DataFrame, ledger: pd.DataFrame, thresholds: Sequence[Threshold], rng: np.random.Generator
) -> np.ndarray:
    """Amounts in USD: log-normal around the merchant's level, price endings, subscriptions at one price, 1.8 % refunds.

    Cards stay under the micro-purchase threshold but for a rare waiver; invoices are eight times larger and needn't.
    """
    count = len(chosen)
    amount = chosen["level"].to_numpy() * rng.lognormal(0, chosen["spread"].to_numpy())
    fixed = (chosen["mcc"].to_numpy() == SUBSCRIPTION) & (rng.random(count) < 0.7)  # noqa: PLR2004 (mostly subscriptions)
    amount = np.where(fixed, chosen["level"], amount)
    ending = rng.random(count)
    amount = np.select(
        [fixed, ending < 0.10, ending < 0.14, ending < 0.24],  # noqa: PLR2004 (shares: whole dollars, round, .99)
        [amount, np.ceil(amount), np.ceil(amount / 50) * 50, np.ceil(amount) - 0.01],
        amount,
    )
    invoice = ledger["card"].str.startswith("PAY-").to_numpy()
    amount = np.where(invoice, amount * 8, amount)
    limit = limits(ledger["transaction_date"], thresholds)
    over = ~invoice & (amount > limit) & (rng.random(count) < 0.97)  # noqa: PLR2004 (a waiver is rare)
    amount = np.where(over, limit * rng.uniform(0.35, 1.0, count), amount)
    refund = rng.random(count) < 0.018  # noqa: PLR2004 (the share in the docstring)
    return np.round(np.clip(amount, 1.0, None) * np.where(refund, -1, 1), 2)
