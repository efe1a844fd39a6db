"""Every row is accepted or quarantined with its line and a reason: read = accepted + quarantined, always."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import islice

import pandas as pd

from model_code.etl.mapping import ColumnMapping
from model_code.etl.reading import RawRow
from model_code.features.fields import FIELDS

EARLIEST = date(2000, 1, 1)
ABSURD = 1e9
_CHUNK = 50_000
_KEYS = ("transaction_id", "office", "merchant")
_AMOUNT = re.compile(
    r"(?P<sign>[-+]?)\$?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?P<trailing>-?)", re.ASCII
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?", re.ASCII)
_MCC = re.compile(r"(\d{1,4})(?:\.0*)?", re.ASCII)


@dataclass(frozen=True)
class Quarantined:
    """A row that was set aside: where it stands, why, and the row itself as a line of CSV."""

    line: int
    reason: str
    row: str


@dataclass(frozen=True)
class Checked:
    """What came of some rows: the accepted ones in Atoll's schema with their `line`, and those set aside."""

    accepted: pd.DataFrame
    quarantined: list[Quarantined]


class _RejectedError(Exception):
    """The row can't be used; the text is the reason."""


def validate(
    rows: Iterable[RawRow], header: Sequence[str], mapping: ColumnMapping, *, today: date
) -> Iterator[Checked]:
    """Sort the rows into accepted and quarantined, some at a time; one dated after `today` is quarantined, too.

    Whether an id comes twice isn't looked at. There is always a first part, if an empty one.
    """
    judge = _Judge(header, mapping, today)
    remaining = iter(rows)
    chunk = list(islice(remaining, _CHUNK))
    while True:
        yield _checked(judge, chunk)
        if not (chunk := list(islice(remaining, _CHUNK))):
            return


def _checked(judge: "_Judge", rows: list[RawRow]) -> Checked:
    accepted: list[tuple] = []
    quarantined: list[Quarantined] = []
    for row in rows:
        try:
            accepted.append((row.line, *judge.accept(row.values)))
        except _RejectedError as rejected:
            quarantined.append(Quarantined(row.line, str(rejected), as_csv(row.values)))
    return Checked(_frame(accepted), quarantined)


def parse_amount(text: str) -> float | None:
    """An amount with its sign: `1,234.50`, `$12`, `(12.50)` and `12.50-` (refunds). None if it is no number."""
    compact = text.replace(" ", "")
    bracketed = compact.startswith("(") and compact.endswith(")")
    match = _AMOUNT.fullmatch(compact[1:-1] if bracketed else compact)
    if match is None:
        return None
    marks = [bracketed, match["sign"] == "-", match["trailing"] == "-"]
    size = float(match["digits"].replace(",", ""))
    # Two minus signs at once are a typing error, not a purchase.
    return None if sum(marks) > 1 else round(-size if any(marks) else size, 2)


@lru_cache(maxsize=100_000)
def parse_date(text: str, formats: Sequence[str] = ()) -> date | None:
    """A day: ISO (`2026-01-31`; a time after it is ignored), else by the first format that fits; None if none does."""
    if _ISO.fullmatch(text):
        text, formats = text[:10], ("%Y-%m-%d",)
    for form in formats:
        with suppress(ValueError):
            return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no time zone)
    return None


class _Judge:
    """Turns raw values into a row of the ledger, or says why not."""

    def __init__(self, header: Sequence[str], mapping: ColumnMapping, today: date) -> None:
        self._width = len(header)
        self._today = today
        self._mapping = mapping
        self._places = {name: header.index(source) for name, source in mapping.columns.items() if source in header}
        self._labelled = "label" in self._places

    def accept(self, values: list[str]) -> tuple:
        """The row's values in the order of FIELDS."""
        if not any(value.strip() for value in values):
            raise _RejectedError("blank row")
        if len(values) != self._width:
            raise _RejectedError("wrong number of fields")
        row = {name: values[place].strip() for name, place in self._places.items()}
        fields = dict.fromkeys(FIELDS, "") | dict(self._mapping.constants) | row
        for required_field in _KEYS:
            if not fields[required_field]:
                raise _RejectedError(f"missing {required_field}")
        checked = fields | {
            "merchant": " ".join(fields["merchant"].upper().split()),
            "mcc": _mcc(fields["mcc"]),
            "currency": self._currency(fields["currency"]),
            "merchant_currency": fields["merchant_currency"].upper(),
            "amount": _amount(fields["amount"]),
            "transaction_date": self._transaction_date(fields["transaction_date"]),
            "posting_date": self._posting_date(fields["posting_date"]),
            "label": self._label(fields["label"]),
        }
        return tuple(checked[name] for name in FIELDS)

    def _currency(self, text: str) -> str:
        if text and text.upper() != self._mapping.currency:
            raise _RejectedError(f"currency is not {self._mapping.currency}")
        return self._mapping.currency

    def _transaction_date(self, text: str) -> date:
        day = parse_date(text, self._mapping.date_formats)
        if day is None:
            raise _RejectedError("transaction_date is no date")
        if day > self._today:
            raise _RejectedError("transaction_date is in the future")
        if day < EARLIEST:
            raise _RejectedError(f"transaction_date is before {EARLIEST}")
        return day

    def _posting_date(self, text: str) -> date | None:
        day = parse_date(text, self._mapping.date_formats) if text else None
        if text and day is None:
            raise _RejectedError("posting_date is no date")
        return day

    def _label(self, text: str) -> int:
        if self._labelled and text not in {"0", "1"}:
            raise _RejectedError("label is not 0 or 1")
        return int(text or 0)


def _amount(text: str) -> float:
    if not text:
        raise _RejectedError("missing amount")
    amount = parse_amount(text)
    if amount is None:
        raise _RejectedError("amount is no number")
    if abs(amount) > ABSURD:
        raise _RejectedError(f"amount is beyond {ABSURD:,.0f}")
    return amount


def _mcc(text: str) -> str:
    """Four digits, or none: some real rows have no code."""
    if not text:
        return ""
    match = _MCC.fullmatch(text)
    if match is None:
        raise _RejectedError("mcc is no code of four digits")
    return match[1].zfill(4)


def _frame(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["line", *FIELDS])
    dates = {
        name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in ("transaction_date", "posting_date")
    }
    texts = {
        name: frame[name].astype("str") for name, field in FIELDS.items() if name not in {*dates, "amount", "label"}
    }
    return frame.assign(
        line=frame["line"].astype("int64"),
        **dates,
        **texts,
        amount=frame["amount"].astype(float),
        label=frame["label"].astype("int8"),
    )


def as_csv(values: Sequence[str]) -> str:
    """The values as one line of CSV, without its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
