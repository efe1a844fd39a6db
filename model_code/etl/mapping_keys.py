"""Every key that a mapping file may hold, with what it means and an example (docs/mapping.md is made from this)."""

import codecs
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

SEPARATORS = (",", ";", "\t", "|")


class Key(NamedTuple):
    """A key of the mapping file."""

    meaning: str
    example: str
    expected: str
    holds: Callable[[Any], object]


def _texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _table(value: object) -> bool:
    return isinstance(value, dict)


def _tables(value: object) -> bool:
    return isinstance(value, list) and all(map(_table, value))


def _currency(value: object) -> bool:
    return isinstance(value, str) and len(value) == 3 and value.isalpha() and value.isascii()  # noqa: PLR2004 (ISO 4217)


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _refunds(value: object) -> bool:
    known = isinstance(value, dict) and isinstance(value.get("column"), str) and value.keys() <= {"column", "words"}
    return known and ("words" not in value or _texts(value["words"]))


def _encoding(value: object) -> bool:
    with suppress(LookupError):
        return isinstance(value, str) and bool(codecs.lookup(value))
    return False


KEYS: dict[str, Key] = {
    "currency": Key(
        "The one currency that amounts are counted in. Every mapping says it. Rows in another are set aside, unless "
        "`rates` has it.",
        'currency = "EUR"',
        'a code of three letters like "USD"',
        _currency,
    ),
    "columns": Key(
        "Atoll's field = the ledger's column. Of several names, the first that a file has counts. Capitals and "
        "spaces don't. "
        "Without this table, columns have Atoll's own names.",
        '[columns]\nmerchant = "Supplier"\namount = ["Amount", "Net amount"]\ntransaction_date = "Day"',
        "a table like [columns]",
        _table,
    ),
    "constants": Key(
        "Fields that are the same in every row.",
        '[constants]\nagency = "City of Toronto"',
        "a table like [constants]",
        _table,
    ),
    "own": Key(
        "Columns that Atoll's schema lacks, by a name for each; `[columns]` says where it stands, if not under that "
        "name. `kind` is number, category, text or date, `known_at` authorisation, posting, booking or review, "
        "`meaning` what people call it. [Your features](your-features.md) shows how.",
        '[own.grade]\nkind = "category"\nknown_at = "authorisation"\nmeaning = "pay grade"',
        "tables like [own.grade]",
        _table,
    ),
    "features": Key(
        "Features of your own, each with `what` it is and, as it needs them, `of`, `by`, `days`, `words`, `odd`, "
        "`meaning`; the model uses them as it uses Atoll's ([your features](your-features.md)).",
        '[features.vendor_this_week]\nwhat = "sum"\nof = "amount"\nby = "merchant"\ndays = 7',
        "tables like [features.name]",
        _table,
    ),
    "date_formats": Key(
        "Forms of days that aren't ISO (`2026-01-31`), tried in this order; `\"serial\"` is a spreadsheet's number "
        "of a day. A time after the day is ignored.",
        'date_formats = ["%d/%m/%Y", "serial"]',
        'a list of formats like ["%d/%m/%Y"]',
        _texts,
    ),
    "decimal": Key(
        "The decimal sign of amounts. Needed where a text such as 1.250 could be one and a quarter or one thousand "
        "two hundred and fifty.",
        'decimal = ","',
        '"." or ","',
        (".", ",").__contains__,
    ),
    "spending": Key(
        "The sign of a purchase. `negative` is the bank's view: every amount's sign is turned round.",
        'spending = "negative"',
        '"positive" or "negative"',
        lambda value: value in ("positive", "negative"),
    ),
    "refunds": Key(
        "How refunds are told where amounts have no sign: by words in a column of their own, or by amounts in one.",
        'refunds = { column = "Dr/Cr", words = ["CR"] }',
        'a table like { column = "Dr/Cr", words = ["CR"] }, or { column = "Credit" }',
        _refunds,
    ),
    "label_words": Key(
        "What words in the column of `label` mean, beside yes and no, true and false, 1 and 0; 1 is an anomaly. A "
        "blank is never one: nobody has reviewed that row.",
        'label_words = { "Confirmed" = 1, "Cleared" = 0, "In review" = "" }',
        'a table of words, each with 1, 0 or "" (not reviewed)',
        lambda value: isinstance(value, dict) and all(each in ("", 0, 1) for each in value.values()),
    ),
    "fill_down": Key(
        "Fields that stand in the first row of a group alone: a blank takes the value above it.",
        'fill_down = ["office"]',
        'a list of fields like ["office"]',
        _texts,
    ),
    "ids": Key(
        'Where a row\'s id comes from, if not from one column: from several, or `"digest"` (the first 16 hex digits '
        'of a sha256 of the row\'s fields; -2, -3 for equal rows of one file), or `"number"` (file and line).',
        'ids = ["Order", "Line"]',
        '"digest", "number" or a list of columns',
        lambda value: value in ("digest", "number") or _texts(value),
    ),
    "lines": Key(
        "`add`: rows with one id, payee and day are lines of one purchase; their amounts are added up. To keep lines "
        "as rows of their own, let `ids` name the line's column too.",
        'lines = "add"',
        '"add"',
        lambda value: value == "add",
    ),
    "blank": Key(
        "Words that stand for nothing; capitals don't count.",
        'blank = ["NULL", "n/a"]',
        'a list of words like ["NULL"]',
        _texts,
    ),
    "fiscal_year_starts": Key(
        "The month in which the fiscal year begins; 10 unless declared, the United States' own.",
        "fiscal_year_starts = 4",
        "a month from 1 to 12",
        lambda value: _whole(value, 1, 12),
    ),
    "thresholds": Key(
        "The limit of a single purchase, by day, in the ledger's currency. In USD, the federal micro-purchase "
        "threshold unless declared; "
        "in another currency none, and no feature compares with it.",
        "[[thresholds]]\neffective = 2025-04-01\namount = 5000",
        "tables like [[thresholds]]",
        _tables,
    ),
    "rates": Key(
        "What one unit of another currency is worth in the ledger's from a day on. An amount is converted by the "
        "rate of its day.",
        '[[rates]]\ncurrency = "GBP"\neffective = 2025-01-01\nrate = 1.19',
        "tables like [[rates]]",
        _tables,
    ),
    "limits": Key(
        "The largest share of rows that may be set aside, for a reason (as quarantine.csv names it) or for `all` "
        "others together: 0.05 unless declared. Blank lines, totals and equal repeats don't count.",
        '[limits]\nall = 0.10\n"missing transaction_date" = 0.30',
        "a table like [limits]",
        _table,
    ),
    "acknowledged": Key(
        "A warning that somebody looked at. It names the file's sha256, or the days that it is about, and holds for "
        "no others.",
        '[[acknowledged]]\nwarning = "missing_month"\nfrom = 2014-05-01\nto = 2014-05-31\nwhy = "The council never '
        'published May."',
        "tables like [[acknowledged]]",
        _tables,
    ),
    "separator": Key(
        "What stands between values. Needed only where a file's header could be read in two ways, or has none.",
        'separator = ";"',
        '"," or ";" or "\\t" or "|"',
        SEPARATORS.__contains__,
    ),
    "encoding": Key(
        "How bytes are letters, by Python's name, if it is neither UTF-8, UTF-16 with its mark, cp1252 nor latin-1.",
        'encoding = "cp1250"',
        'an encoding that Python knows, like "cp1252"',
        _encoding,
    ),
    "backslashes": Key(
        "Whether a quotation mark within a value is written with a backslash before it, as Spark does, and not "
        "doubled.",
        "backslashes = true",
        "true or false",
        lambda value: isinstance(value, bool),
    ),
    "quotes": Key(
        "`false`: a quotation mark is a sign like any other, as in tab-separated exports with inch marks.",
        "quotes = false",
        "true or false",
        lambda value: isinstance(value, bool),
    ),
    "header_line": Key(
        "The line that names the columns; 0 if none does. Else the first of fifty lines that has all declared columns.",
        "header_line = 3",
        "a whole number from 0",
        lambda value: _whole(value, 0, 1000),
    ),
    "column_names": Key(
        "The names of the columns of files without a header line (`header_line = 0`), in their order.",
        'header_line = 0\ncolumn_names = ["id", "unit", "supplier", "amount", "day"]',
        'a list of names like ["id", "amount"]',
        _texts,
    ),
    "sheet": Key(
        "The sheet of a workbook, if it has several that hold the declared columns.",
        'sheet = "Transactions"',
        "the name of a sheet",
        lambda value: isinstance(value, str),
    ),
}
