"""Every row is accepted or quarantined with its line and a reason: read = accepted + quarantined, always.

The rules are a pandera schema of text columns; each check is named by the reason that it gives.
"""

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, starmap, zip_longest

import numpy as np
import pandas as pd
import pyarrow as pa

from model_code.etl.amounts import foreign_mark, parse_amount
from model_code.etl.dates import parse_date
from model_code.etl.mapping import ColumnMapping, unseen
from model_code.etl.own_values import DTYPES, reader, rules
from model_code.etl.raw import RawRow
from model_code.etl.refunds import signed_amounts, signs_beside
from model_code.etl.shapes import Shape
from model_code.etl.texts import BLANK_OFFICE, NO_ID, UNREADABLE_CODE, UNREVIEWED, Seen, masked, tell

with warnings.catch_warnings():
    # The CDK holds typeguard at 2. What pandera can't check with it are columns of lists; a ledger has none.
    warnings.filterwarnings("ignore", "Using typeguard < 3", UserWarning)
    from pandera.errors import SchemaErrors
    from pandera.pandas import Check, Column, DataFrameSchema

EARLIEST = date(2000, 1, 1)
ABSURD = 1e9
EXAMPLES = 3
"""So many rows of a reason are shown by line and value."""
_CHUNK = 50_000
_NAMES = {"merchant", "office", "transaction_id", "card", "agency", "description"}
_MCC = re.compile(
    r"(?:MCC)?[ :#-]?(\d{3,4})(?:\.0*)?(?:(?: *[-\u2013:/]| ) *\D.*)?|(\d{1,2})(?:\.0*)?", re.ASCII | re.IGNORECASE
)
_LABELS = {
    **dict.fromkeys(("0", "false", "f", "no", "n"), 0),
    **dict.fromkeys(("1", "true", "t", "yes", "y", "x"), 1),
    "": 0,
}
_NUMBER = re.compile(r"([01])[.,]0*", re.ASCII)
FUTURE = "transaction_date is in the future"


@dataclass(frozen=True)
class Quarantined:
    """A row that was set aside: where it stands, why, and the row itself as a line of CSV."""

    line: int
    reason: str
    row: str


@dataclass(frozen=True)
class Checked:
    """What came of some rows: the accepted ones in Atoll's schema with their `line`, those set aside, what was seen.

    `examples` shows the first rows of a reason: line, and the value with letters masked.
    """

    accepted: pd.DataFrame
    quarantined: list[Quarantined]
    seen: dict[str, Seen] = field(default_factory=dict)
    examples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    future: date | None = None
    """The first day of those set aside as in the future: from then on they are purchases."""


def validate(
    rows: Iterable[RawRow], header: Sequence[str], mapping: ColumnMapping, *, today: date, file: str = ""
) -> Iterator[Checked]:
    """Sort the rows into accepted and quarantined, some at a time; one dated after `today` is quarantined, too.

    Of several reasons, a row gets the schema's first. Whether an id comes twice isn't looked at; a row without an id
    is accepted without one. There is always a first part, if an empty one.
    """
    schema = ledger_schema(mapping, today=today)
    shape = Shape(header, mapping, file)
    above: dict[int, str] = {}
    remaining = (RawRow(row.line, shape.filled(row.values, above)) for row in rows) if mapping.fill_down else iter(rows)
    chunk = list(islice(remaining, _CHUNK))
    while True:
        yield _checked(chunk, shape, mapping, schema)
        if not (chunk := list(islice(remaining, _CHUNK))):
            return


def ledger_schema(mapping: ColumnMapping, *, today: date) -> DataFrameSchema:
    """What a ledger's stripped texts must be, in the order in which reasons count.

    A check looks at each text once, however many rows have it.
    """
    currencies, decimal = mapping.currencies, mapping.form.decimal or "."

    def day(text: str) -> date | None:
        return parse_date(text, mapping.date_formats)

    def amount(text: str) -> float | None:
        return parse_amount(text, decimal, currencies)

    return DataFrameSchema(
        {
            "merchant": _text(_must("missing merchant", bool)),
            "currency": _text(
                _must(f"currency is not {mapping.currency}", lambda text: not text or text.upper() in currencies)
            ),
            "amount": _text(
                _must("missing amount", bool),
                _must("amount is in another currency", lambda text: not foreign_mark(text, currencies)),
                _must("amount is no number", lambda text: amount(text) is not None),
                _must(f"amount is beyond {ABSURD:,.0f}", lambda text: abs(amount(text) or 0) <= ABSURD),
            ),
            "transaction_date": _text(
                _must("missing transaction_date", bool),
                _must("transaction_date is no date", day),
                _must(FUTURE, lambda text: (day(text) or today) <= today),
                _must(f"transaction_date is before {EARLIEST}", lambda text: (day(text) or today) >= EARLIEST),
            ),
            "posting_date": _text(_must("posting_date is no date", lambda text: not text or day(text))),
            "label": _text(_must("label is neither yes nor no", lambda text: label_of(text) is not None)),
        }
        | {own.column: _text(*starmap(_must, rules(own, mapping))) for own in mapping.own.columns}
    )


def _text(*checks: Check) -> Column:
    return Column(str, checks=list(checks))


def _must(reason: str, holds: Callable[[str], object]) -> Check:
    return Check(lambda texts: _each(texts, lambda text: bool(holds(text)), "bool"), error=reason, ignore_na=False)


def _each(texts: pd.Series, read: Callable[[str], object], dtype: str) -> pd.Series:
    """What `read` makes of each text; it is asked once for those that are the same."""
    codes, distinct = pd.factorize(texts)
    return pd.Series([read(text) for text in np.asarray(distinct)], dtype=dtype).take(codes).set_axis(texts.index)


def _checked(rows: list[RawRow], shape: Shape, mapping: ColumnMapping, schema: DataFrameSchema) -> Checked:
    reasons = {row.line: reason for row in rows if (reason := shape.misfit(row.values))}
    fitting = [row for row in rows if row.line not in reasons]
    texts = _texts(fitting, shape, mapping)
    failed = _first_reasons(texts, schema)
    reasons |= dict(zip(failed.index.tolist(), failed["check"].tolist(), strict=True))
    quarantined = [Quarantined(row.line, reasons[row.line], as_csv(row.values)) for row in rows if row.line in reasons]
    accepted = texts[~texts.index.isin(list(reasons))]
    seen = tell(texts, mapping) | _counted(accepted, shape) | signs_beside(fitting, shape, mapping)
    ahead = failed["failure_case"][failed["check"] == FUTURE]
    days = [day for text in ahead if (day := parse_date(text, mapping.date_formats))]
    return Checked(_typed(accepted, mapping), quarantined, seen, _examples(failed), min(days, default=None))


def _texts(rows: list[RawRow], shape: Shape, mapping: ColumnMapping) -> pd.DataFrame:
    """The fields' texts without what surrounds them, constants and fields without a column too; index: the lines."""
    lines, values = zip(*rows, strict=True) if rows else ((), ())
    columns = list(zip_longest(*values, fillvalue="")) or [()] * shape.width
    stripped = _Stripped(mapping.blank)
    given = {
        name: pa.array([stripped[text] for text in columns[place]], pa.string()) for name, place in shape.places.items()
    }
    if mapping.label_words and "label" in given:
        words = mapping.label_words
        given["label"] = pa.array(
            [words.get(text.casefold(), text) for text in given["label"].to_pylist()], pa.string()
        )
    if mapping.refunds:
        given["amount"] = pa.array(signed_amounts(columns, shape, mapping), pa.string())
    if mapping.ids:
        given["transaction_id"] = pa.array(shape.ids(lines, values), pa.string())
    others = {name: pa.repeat(mapping.constants.get(name, ""), len(rows)) for name in mapping.carried}
    return pa.table(others | given).to_pandas().set_axis(pd.Index(lines, "int64", name="line"))


class _Stripped(dict[str, str]):
    """Texts as `_stripped` has them: it is asked once for those that are the same."""

    def __init__(self, blank: frozenset[str]) -> None:
        super().__init__()
        self._blank = blank

    def __missing__(self, text: str) -> str:
        return self.setdefault(text, _stripped(text, self._blank))


def _stripped(text: str, blank: frozenset[str]) -> str:
    """A value without what surrounds it: spaces, unseen signs, the formula that keeps a text a text (`="0012"`)."""
    text = unseen(text).strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1].strip()
    return "" if blank and text.casefold() in blank else text


def _first_reasons(texts: pd.DataFrame, schema: DataFrameSchema) -> pd.DataFrame:
    """By line, the first check that a row fails (`check`), and which text of it (`failure_case`, of `column`)."""
    try:
        schema.validate(texts, lazy=True)
    except SchemaErrors as failed:
        cases = failed.failure_cases
        if cases["index"].isna().any():  # a check broke, so that nothing is known of its rows
            raise
        order = {check.error: place for place, check in enumerate(_checks(schema))}
        first = cases.assign(place=cases["check"].map(order)).sort_values("place").drop_duplicates("index")
        return first.set_index("index").sort_index()
    return pd.DataFrame({"check": [], "failure_case": [], "column": []})


def _checks(schema: DataFrameSchema) -> list[Check]:
    return [check for column in schema.columns.values() for check in column.checks]


def _examples(failed: pd.DataFrame) -> dict[str, list[tuple[int, str]]]:
    shown: dict[str, list[tuple[int, str]]] = {}
    first = failed.groupby("check").head(EXAMPLES) if len(failed) else failed
    for line, reason, value in zip(first.index.tolist(), first["check"], first["failure_case"], strict=True):
        shown.setdefault(reason, []).append((line, masked(str(value))))
    return shown


def _counted(accepted: pd.DataFrame, shape: Shape) -> dict[str, Seen]:
    """Of the accepted rows: those whose code can't be read, those that nobody reviewed, those without an id."""
    found = {}
    odd = _each(accepted["mcc"], lambda text: bool(text) and not _mcc(text), "bool")
    marks = {UNREADABLE_CODE: (odd, "mcc"), NO_ID: (accepted["transaction_id"] == "", "transaction_id")}
    if "office" in shape.places:
        marks[BLANK_OFFICE] = (accepted["office"] == "", "office")
    if "label" in shape.places:
        marks[UNREVIEWED] = (accepted["label"] == "", "label")
    for what, (holds, column) in marks.items():
        if count := int(holds.sum()):
            line = holds.index[holds.to_numpy().argmax()].item()
            found[what] = Seen(count, line, masked(accepted.loc[line, column]))
    return found


def _typed(texts: pd.DataFrame, mapping: ColumnMapping) -> pd.DataFrame:
    """The accepted rows in Atoll's schema."""
    sign = -1 if mapping.spending == "negative" else 1

    def day(text: str) -> date | None:
        return parse_date(text, mapping.date_formats)

    def amount(text: str) -> float:
        return sign * (parse_amount(text, mapping.form.decimal or ".", mapping.currencies) or 0.0) + 0.0

    read = {
        "merchant": _each(texts["merchant"], lambda text: " ".join(text.upper().split()), "str"),
        "mcc": _each(texts["mcc"], _mcc, "str"),
        "currency": mapping.currency,
        "merchant_currency": _each(texts["merchant_currency"], str.upper, "str"),
        "amount": _each(texts["amount"], amount, "float64"),
        "transaction_date": _each(texts["transaction_date"], day, "datetime64[us]"),
        "posting_date": _each(texts["posting_date"], day, "datetime64[us]"),
        "label": _each(texts["label"], label_of, "int8"),
    } | {
        own.column: _each(texts[own.column], reader(own, mapping), DTYPES.get(own.kind, "str"))
        for own in mapping.own.columns
    }
    typed = texts.assign(**read)
    if mapping.rates:
        typed = _converted(typed, texts["currency"].str.upper(), mapping)
    return typed.reset_index()[["line", *mapping.carried]]


def _converted(typed: pd.DataFrame, currencies: pd.Series, mapping: ColumnMapping) -> pd.DataFrame:
    """Amounts in another currency by the rate of their day; they count as charged in that currency."""
    foreign = ~currencies.isin(["", mapping.currency])
    amounts, charged = typed["amount"].copy(), typed["merchant_currency"].copy()
    for line in typed.index[foreign]:
        code, day = currencies[line], typed.loc[line, "transaction_date"].date()
        rates = [each for each in mapping.rates if each.currency == code]
        rate = max([each for each in rates if each.effective <= day] or rates[:1], key=lambda each: each.effective)
        amounts[line] = round(amounts[line] * rate.rate, 2)
        charged[line] = charged[line] or code
    return typed.assign(amount=amounts, merchant_currency=charged)


def label_of(text: str) -> int | None:
    """1 or 0 of any usual form; 0 of a row that nobody reviewed, None of one that is neither."""
    number = _NUMBER.fullmatch(text)
    return _LABELS.get(number[1] if number else text.casefold())


def _mcc(text: str) -> str:
    """Four digits, also of `MCC5085` and `5085 - Supplies`; one that can't be read is none, and counted."""
    match = _MCC.fullmatch(text)
    return (match[1] or match[2]).zfill(4) if match else ""


def as_csv(values: Sequence[str]) -> str:
    """A row as one line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()
