"""Days as agencies write them: ISO, declared forms, a spreadsheet's numbers; a time after any is ignored."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import lru_cache

SERIAL = "serial"
"""In place of a form: days counted as spreadsheets do, from 30 December 1899."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?", re.ASCII)
_TIME = re.compile(
    r"[T ,]+\d{1,2}[:.]\d\d(?:[:.]\d\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?$",
    re.ASCII,
)
_DAY_NUMBER = re.compile(r"(\d{5})(?:[.,]\d*)?", re.ASCII)
_FIRST_DAY = date(1899, 12, 30)


@lru_cache(maxsize=100_000)
def parse_date(text: str, formats: Sequence[str] = ()) -> date | None:
    """A day: ISO (`2026-01-31`), else by the first declared form that fits; a time after it is ignored.

    None if none fits.
    """
    if _ISO.fullmatch(text):
        text, formats = text[:10], ("%Y-%m-%d",)
    for form in formats:
        if day := _by_form(text, form):
            return day
    return None


@lru_cache(maxsize=100_000)
def readings(text: str, formats: Sequence[str]) -> frozenset[date]:
    """Every day that one of the forms makes of a text that isn't ISO."""
    if _ISO.fullmatch(text):
        return frozenset()
    return frozenset(day for form in formats if (day := _by_form(text, form)))


def swapped(form: str) -> str:
    """The same form with day and month in each other's place."""
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _by_form(text: str, form: str) -> date | None:
    if form == SERIAL:
        number = _DAY_NUMBER.fullmatch(text)
        return _FIRST_DAY + timedelta(days=int(number[1])) if number else None
    for each in (text, _TIME.sub("", text)):
        with suppress(ValueError):
            return datetime.strptime(each, form).date()  # noqa: DTZ007 (a day has no time zone)
    return None
