"""Ledgers with columns of an agency's own, and a mapping that makes every sort of feature of them."""

import numpy as np
import pandas as pd

from model_code.features.own import Kind

KINDS: dict[str, Kind] = {"grade": "category", "hours": "number", "ends": "date", "note": "text"}
FEATURES = {
    "grade_in_office": 'what = "share"\nof = "grade"\nby = "office"\ndays = 700',
    "note_of_grade": 'what = "share"\nof = "note"\nby = ["grade"]\ndays = 300\nodd = "high"',
    "grade_amount": 'what = "unusual"\nof = "amount"\nby = ["grade"]\ndays = 365',
    "grade_largest": 'what = "above_largest"\nof = "amount"\nby = ["grade", "office"]\ndays = 365',
    "hours_unusual": 'what = "unusual"\nof = "hours"\nby = "office"\ndays = 365',
    "hours_largest": 'what = "above_largest"\nof = "hours"\nby = "merchant"\ndays = 365',
    "hours_of_card": 'what = "sum"\nof = "hours"\nby = "card"\ndays = 30',
    "spent_by_grade": 'what = "sum"\nof = "amount"\nby = "grade"\ndays = 7',
    "hours_now": 'what = "value"\nof = "hours"\nodd = "high"',
    "after_the_end": 'what = "value"\nof = "ends"\nodd = "high"',
    "gifts": 'what = "words"\nof = "note"\nwords = ["gift", "petty cash"]',
    "grade_number": 'what = "number"\nby = ["grade", "merchant"]\ndays = 5',
    "grade_since": 'what = "days_since"\nby = ["grade", "merchant"]\ndays = 200',
}
MAPPING = "\n".join(
    [
        'currency = "USD"',
        *(f'[own.{name}]\nkind = "{kind}"\nknown_at = "authorisation"' for name, kind in KINDS.items()),
        '[own.booked]\nkind = "number"\nknown_at = "booking"',
        *(f"[features.{name}]\n{said}" for name, said in FEATURES.items()),
    ]
)


def with_own_columns(ledger: pd.DataFrame, *, seed: int = 1) -> pd.DataFrame:
    """The ledger with texts as an agency would write them, blanks among them."""
    rng, rows = np.random.default_rng(seed), len(ledger)
    hours = np.where(rng.random(rows) < 0.1, "", rng.choice(["0", "1.5", "40", "-8", "1,250.25", "0.005"], rows))
    days = pd.date_range("2025-01-25", "2027-04-05").strftime("%Y-%m-%d").to_numpy()
    grades = rng.choice(["GS-7", " gs-7", "GS-12", "SES", "", "Straße"], rows)
    rare = np.arange(rows) % 60 == 17  # else every share lies at its bound
    return ledger.assign(
        grade=np.where(rare, "WG-1", grades),
        hours=hours,
        ends=np.where(rng.random(rows) < 0.2, "", rng.choice(days, rows)),
        note=rng.choice(["", "a Gift card", "PETTY  CASH for staff", "paper", "東京"], rows),
        booked=rng.choice(["1", ""], rows),
    )
