"""Every row is accepted or quarantined with its line and a reason: read = accepted + quarantined, always.

The rules are a pandera schema of text columns; each check is named by the reason that it gives.
"""

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import islice

import numpy as np
import pandas as pd
import pyarrow as pa

from model_code.etl.mapping import ColumnMapping
from model_code.etl.reading import RawRow
from model_code.features.fields import FIELDS

with warnings.catch_warnings():
    # The CDK holds typeguard at 2. What pandera can't check with it are columns of lists; a ledger has none.
    warnings.filterwarnings("ignore", "Using typeguard < 3", UserWarning)
    from pandera.errors import SchemaErrors
    from pandera.pandas import Check, Column, DataFrameSchema

EARLIEST = date(2000, 1, 1)
ABSURD = 1e9
BLANK = "blank row"
SHIFTED = "wrong number of fields"
_CHUNK = 50_000
_KEYS = ("transaction_id", "office", "merchant")
_AMOUNT = re.compile(
    r"(?P<sign>[-+]?\$?|\$[-+])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?P<trailing>-?)", re.ASCII
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


def validate(
    rows: Iterable[RawRow], header: Sequence[str], mapping: ColumnMapping, *, today: date
) -> Iterator[Checked]:
    """Sort the rows into accepted and quarantined, some at a time; one dated after `today` is quarantined, too.

    Of several reasons, a row gets the schema's first. Whether an id comes twice isn't looked at. There is always a
    first part, if an empty one.
    """
    schema = ledger_schema(mapping, today=today, labelled=mapping.columns.get("label") in header)
    remaining = iter(rows)
    chunk = list(islice(remaining, _CHUNK))
    while True:
        yield _checked(chunk, header, mapping, schema)
        if not (chunk := list(islice(remaining, _CHUNK))):
            return


def ledger_schema(mapping: ColumnMapping, *, today: date, labelled: bool) -> DataFrameSchema:
    """What a ledger's stripped texts must be, in the order in which reasons count; `labelled`: every row has a label.

    A check looks at each text once, however many rows have it.
    """

    def day(text: str) -> date | None:
        return parse_date(text, mapping.date_formats)

    return DataFrameSchema(
        {required_field: _text(_must(f"missing {required_field}", bool)) for required_field in _KEYS}
        | {
            "mcc": _text(_must("mcc is no code of four digits", lambda text: not text or _MCC.fullmatch(text))),
            "currency": _text(
                _must(f"currency is not {mapping.currency}", lambda text: not text or text.upper() == mapping.currency)
            ),
            "amount": _text(
                _must("missing amount", bool),
                _must("amount is no number", lambda text: parse_amount(text) is not None),
                _must(f"amount is beyond {ABSURD:,.0f}", lambda text: abs(parse_amount(text) or 0) <= ABSURD),
            ),
            "transaction_date": _text(
                _must("transaction_date is no date", day),
                _must("transaction_date is in the future", lambda text: (day(text) or today) <= today),
                _must(f"transaction_date is before {EARLIEST}", lambda text: (day(text) or today) >= EARLIEST),
            ),
            "posting_date": _text(_must("posting_date is no date", lambda text: not text or day(text))),
            "label": _text(_must("label is not 0 or 1", ({"0", "1"} if labelled else {"0", "1", ""}).__contains__)),
        }
    )


def _text(*checks: Check) -> Column:
    return Column(str, checks=list(checks))


def _must(reason: str, holds: Callable[[str], object]) -> Check:
    return Check(lambda texts: _each(texts, lambda text: bool(holds(text)), "bool"), error=reason, ignore_na=False)


def _each(texts: pd.Series, read: Callable[[str], object], dtype: str) -> pd.Series:
    """What `read` makes of each text; it is asked once for those that are the same."""
    codes, distinct = pd.factorize(texts)
    return pd.Series([read(text) for text in np.asarray(distinct)], dtype=dtype).take(codes).set_axis(texts.index)


def _checked(rows: list[RawRow], header: Sequence[str], mapping: ColumnMapping, schema: DataFrameSchema) -> Checked:
    reasons = {row.line: reason for row in rows if (reason := _misshapen(row.values, len(header)))}
    texts = _texts([row for row in rows if row.line not in reasons], header, mapping)
    reasons |= _first_reasons(texts, schema)
    quarantined = [Quarantined(row.line, reasons[row.line], as_csv(row.values)) for row in rows if row.line in reasons]
    return Checked(_typed(texts[~texts.index.isin(list(reasons))], mapping), quarantined)


def _misshapen(values: list[str], width: int) -> str | None:
    if not any(map(str.strip, values)):
        return BLANK
    return SHIFTED if len(values) != width else None


def _texts(rows: list[RawRow], header: Sequence[str], mapping: ColumnMapping) -> pd.DataFrame:
    """The fields' texts without what surrounds them, constants and fields without a column too; index: the lines."""
    lines, values = zip(*rows, strict=True) if rows else ((), ())
    columns = list(zip(*values, strict=True)) or [()] * len(header)
    given = {
        name: pa.array([text.strip() for text in columns[header.index(source)]], pa.string())
        for name, source in mapping.columns.items()
        if source in header
    }
    others = {name: pa.repeat(mapping.constants.get(name, ""), len(rows)) for name in FIELDS}
    return pa.table(others | given).to_pandas().set_axis(pd.Index(lines, "int64", name="line"))


def _first_reasons(texts: pd.DataFrame, schema: DataFrameSchema) -> dict[int, str]:
    """By line, the first check that a row fails."""
    try:
        schema.validate(texts, lazy=True)
    except SchemaErrors as failed:
        cases = failed.failure_cases
        if cases["index"].isna().any():  # a check broke, so that nothing is known of its rows
            raise
        order = {check.error: place for place, check in enumerate(_checks(schema))}
        first = cases.assign(place=cases["check"].map(order)).sort_values("place").drop_duplicates("index")
        return dict(zip(first["index"].tolist(), first["check"].tolist(), strict=True))
    return {}


def _checks(schema: DataFrameSchema) -> list[Check]:
    return [check for column in schema.columns.values() for check in column.checks]


def _typed(texts: pd.DataFrame, mapping: ColumnMapping) -> pd.DataFrame:
    """The accepted rows in Atoll's schema."""

    def day(text: str) -> date | None:
        return parse_date(text, mapping.date_formats)

    read = {
        "merchant": _each(texts["merchant"], lambda text: " ".join(text.upper().split()), "str"),
        "mcc": _each(texts["mcc"], _mcc, "str"),
        "currency": mapping.currency,
        "merchant_currency": _each(texts["merchant_currency"], str.upper, "str"),
        "amount": _each(texts["amount"], parse_amount, "float64"),
        "transaction_date": _each(texts["transaction_date"], day, "datetime64[us]"),
        "posting_date": _each(texts["posting_date"], day, "datetime64[us]"),
        "label": _each(texts["label"], lambda text: int(text or 0), "int8"),
    }
    return texts.assign(**read).reset_index()[["line", *FIELDS]]


@lru_cache(maxsize=100_000)
def parse_amount(text: str) -> float | None:
    """An amount: `1,234.50`, `$12`; refunds: `-12.50`, `(12.50)`, `12.50-`, `-$12`, `$-12`. None if it is no number."""
    compact = text.replace(" ", "")
    bracketed = compact.startswith("(") and compact.endswith(")")
    match = _AMOUNT.fullmatch(compact[1:-1] if bracketed else compact)
    if match is None:
        return None
    marks = [bracketed, "-" in match["sign"], match["trailing"] == "-"]
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


def _mcc(text: str) -> str:
    """Four digits, or none: some real rows have no code."""
    match = _MCC.fullmatch(text)
    return match[1].zfill(4) if match else ""


def as_csv(values: Sequence[str]) -> str:
    """The values as one line of CSV, without its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
