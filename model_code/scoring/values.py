"""Numbers as people read them: no logarithms, with units. Standard library only; the server's answers use it too."""

import math
from collections.abc import Mapping
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
_BACK = {"ln(1 + x)": math.expm1, "ln(x)": math.exp}
FEW = 10
"""Below so many times, a decimal is worth showing."""


def turned_back(value: float, stored: str) -> float:
    """What a feature counts, from what is stored of it."""
    return _BACK.get(stored, float)(value)


def told(about: Mapping[str, str], value: float | None, currency: str = "") -> str:
    """A feature's meaning and value in words; `about` is what a manifest's `meanings` say of it."""
    if value is None or math.isnan(value):
        return f"{about['meaning']}: unknown"
    number = turned_back(value, about["stored"])
    words = {
        "money": lambda: money(number, currency),
        "purchases": lambda: f"{number:,.0f}",
        "days": lambda: in_days(number),
        "share": lambda: percent(number),
        "times": lambda: f"{number:.2g} times",
        "spreads": lambda: f"{abs(number):.1f} times the usual spread {'above' if number >= 0 else 'below'} it",
        "quantity": lambda: quantity(number),
        "yes or no": lambda: "yes" if number else "no",
    }
    tell = words.get(about["unit"])
    return f"{about['meaning']}: {tell() if tell else f'{number:g}'}"


def money(amount: float, currency: str) -> str:
    """An amount with its currency: `1,234.50 USD`."""
    return f"{amount:,.2f} {currency}".rstrip()


def quantity(number: float) -> str:
    """A number of whatever it counts: `40`, `1,250.5`."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """A share of 1: `12 %`; below one in a hundred with a decimal."""
    return f"{share:.1%}".replace("%", " %") if 0 < share < 1 / 100 else f"{share:.0%}".replace("%", " %")


def times(ratio: float) -> str:
    """How many times something: `8 times`, `2.4 times`, `about as much as`, `40 % of`."""
    if ratio >= FEW:
        return f"{ratio:,.0f} times"
    if ratio >= 1.05:  # noqa: PLR2004 (what would read as 1.0 times)
        return f"{ratio:.1f} times"
    return "about as much as" if ratio > 0.95 else f"{percent(ratio)} of"  # noqa: PLR2004 (the same)


def purchases(number: float) -> str:
    """How many purchases: `no purchase`, `1 purchase`, `1,204 purchases`."""
    whole = round(number)
    return f"{whole:,} purchase{'s' if whole > 1 else ''}" if whole else "no purchase"


def in_days(number: float) -> str:
    """How many days: `1 day`, `1,096 days`."""
    whole = round(number)
    return f"{whole:,} day{'' if whole == 1 else 's'}"


def day_of(number: float) -> date:
    """The day with this number; 1970-01-01 is 0."""
    return EPOCH + timedelta(days=int(number))


def month(number: float) -> str:
    """The month of the day with this number: `2025-03`."""
    return f"{day_of(number):%Y-%m}"
