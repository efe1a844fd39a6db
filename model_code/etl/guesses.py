"""What the columns of some rows may be: evidence from names and values, and doubts where it isn't enough."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from model_code.etl.amounts import SIGNS, decimal_mark, parse_amount
from model_code.etl.dates import SERIAL, parse_date

FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d %B %Y", "%d %b %Y",
    "%d-%b-%Y", "%d-%b-%y", "%B %d, %Y", "%b %d, %Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y",
    "%d/%b/%Y", "%d-%B-%Y", SERIAL,
)  # fmt: skip
WORDS: dict[str, str] = {
    "transaction_id": r"(trans\w*|batch\w*|voucher|invoice|payment|document|order|reference|ref|txn)?[ _-]*"
    r"(id|no|nr|num\w*|ref\w*|#)\b|\bnumber\b|^(order|voucher|invoice)$",
    "transaction_date": r"\b(trans\w*|txn|purchase|payment|invoice|pay|data|datum)?[ _-]*"
    r"(date|day|datum|data|fecha|dt)\b",
    "posting_date": r"\bpost\w*[ _-]*(date|day|dt)?\b",
    "merchant": r"merchant|supplier|vendor|payee|beneficiar|favorecido|creditor|lieferant|fournisseur|shop|company",
    "amount": r"amount|\bamt\b|value|total|spend|net\b|gross|valor|betrag|montant|paid|cost\b|sum\b|price",
    "mcc": r"\bmcc\b|merchant (category )?code|mcc code|category code",
    "office": r"office|division|directorate|department|dept|service|unit|bureau|org\w*|agency name|area|team|branch|"
    r"^amt$|abteilung|dienststelle|\borgao",
    "card": r"\bcard|account\b|cardholder",
    "description": r"description|desc\b|purpose|narrative|details|comment|memo|zweck",
    "merchant_currency": r"(orig|foreign|merchant|local)\w*[ _-]*(currency|ccy|curr)",
    "currency": r"currency|\bccy\b|\bcurr\b",
    "cost_centre": r"cost (cent|object)|cost_cent",
    "label": r"label|flag\w*|fraud|reviewed|disputed",
}
_CODE = re.compile(r"\d{3,4}(\.0)?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_MOST = 0.97


@dataclass
class Guess:
    """What a ledger may be: fields' columns, keys of the mapping, what speaks for each, and what is doubtful."""

    columns: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    """Columns that nothing was found for."""


def guess(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Guess:
    """What the columns of these rows are."""
    rows = list(_purchases(rows, len(header)))
    texts = {
        name: [row[place].strip() for row in rows if row[place].strip()] for place, name in enumerate(header) if name
    }
    made = Guess()
    _day(made, texts)
    _amount(made, texts)
    _named(made, texts)
    _currency_of(made, texts)
    _id(made, texts, rows, header)
    made.unused = [name for name in texts if name not in made.columns.values() and name not in made.keys.get("ids", "")]
    return made


def _purchases(rows: Sequence[Sequence[str]], width: int) -> Iterator[list[str]]:
    """The rows that may be purchases: totals and remarks fill few columns; empty values at the end may be left out."""
    for row in rows:
        if len(row) <= width and sum(bool(value.strip()) for value in row) >= min(3, width):
            yield [*row, *[""] * (width - len(row))]


def day_formats(texts: Sequence[str]) -> list[str]:
    """The forms that fit most of some texts, the best first; `ISO` among them. Empty if they are no days."""
    if not texts:
        return []
    fits = {form: sum(parse_date(text, (form,)) is not None for text in texts) for form in FORMATS}
    iso = sum(parse_date(text) is not None for text in texts)
    if iso >= _MOST * len(texts):
        return ["ISO"]
    best = max(fits.values())
    if best < _MOST * len(texts) or (fits[SERIAL] == best and len(set(texts)) == 1):
        return []
    return [form for form, fit in fits.items() if fit == best]


def _score(name: str, fld: str) -> int:
    """How well a column's name speaks for a field."""
    found = re.search(WORDS[fld], name.replace("_", " ").lower())
    return 2 if found and found[0] == name.lower() else int(bool(found))


def _best(texts: dict[str, list[str]], fld: str, holds: Callable[[list[str]], bool], taken: set[str]) -> str | None:
    """The column whose name speaks for a field most, of those whose values may be its."""
    fitting = [name for name, values in texts.items() if name not in taken and values and holds(values)]
    ranked = sorted(fitting, key=lambda name: (-_score(name, fld), -len(texts[name]), list(texts).index(name)))
    return ranked[0] if ranked and (_score(ranked[0], fld) or fld in {"amount", "transaction_date"}) else None


def _day(made: Guess, texts: dict[str, list[str]]) -> None:
    named = {name: values for name, values in texts.items() if not _score(name, "posting_date")}
    column = _best(named, "transaction_date", lambda values: bool(_calendar(values)), set())
    if column is None:
        made.doubts.append("No column holds days.")
        return
    formats = day_formats(texts[column])
    made.columns["transaction_date"] = column
    made.evidence["transaction_date"] = f"{len(texts[column])} values are days in the form {formats[0]}"
    if formats == ["ISO"]:
        return
    made.keys["date_formats"] = f'["{formats[0]}"]'
    if len(formats) > 1:
        made.doubts.append(f"Days fit the forms {' and '.join(formats)} alike: no day beyond the 12th decides. Choose.")


def _calendar(values: list[str]) -> list[str]:
    """Forms of days, but plain numbers only where the name isn't asked: a number of five digits may be anything."""
    formats = day_formats(values)
    return [] if formats and formats[0] in {SERIAL, "%Y%m%d"} and len(set(values)) < 2 else formats  # noqa: PLR2004


def _is_amount(values: list[str]) -> bool:
    currencies = _currencies_in(values)
    read = [any(parse_amount(text, mark, currencies) is not None for mark in (".", ",")) for text in values]
    return sum(read) >= _MOST * len(values)


def _currencies_in(values: Sequence[str]) -> tuple[str, ...]:
    """Every currency that a sign means, and whatever may be a code."""
    return tuple(sorted({code for codes in SIGNS.values() for code in codes} | _codes_in(values)))


def _codes_in(values: Sequence[str]) -> set[str]:
    return {code for text in values for code in re.findall(r"\b[A-Z]{3}\b", text.upper())}


def _amount(made: Guess, texts: dict[str, list[str]]) -> None:
    taken = set(made.columns.values())
    marked = {name for name, values in texts.items() if any(re.search(r"\d[.,]\d\d\b", text) for text in values)}
    candidates = {name: values for name, values in texts.items() if name not in taken and not day_formats(values)}
    column = _best({n: v for n, v in candidates.items() if n in marked}, "amount", _is_amount, taken)
    column = column or _best({n: v for n, v in candidates.items() if _score(n, "amount")}, "amount", _is_amount, taken)
    if column is None:
        made.doubts.append("No column holds amounts.")
        return
    values = texts[column]
    made.columns["amount"] = column
    marks = Counter(mark for text in values if (mark := decimal_mark(text)))
    made.evidence["amount"] = f"{len(values)} values are amounts"
    made.keys["decimal"] = '","' if marks[","] > marks["."] else '"."'
    if bool(marks[","]) == bool(marks["."]) and marks:
        made.doubts.append(f"The decimal sign is doubtful: {dict(marks)}.")
    mark, currencies = ("," if marks[","] > marks["."] else "."), _currencies_in(values)
    minus = sum((parse_amount(text, mark, currencies) or 0) < 0 for text in values)
    if minus > len(values) / 2:
        made.keys["spending"] = '"negative"'
        made.evidence["spending"] = f"{minus} of {len(values)} amounts are negative"


def _named(made: Guess, texts: dict[str, list[str]]) -> None:
    """Fields that are known by their columns' names, and by values that can't be anything else."""
    codes = lambda values: sum(bool(_CODE.fullmatch(text)) for text in values) > 0.8 * len(values)  # noqa: E731
    three = lambda values: all(_CURRENCY.fullmatch(text.upper()) for text in values)  # noqa: E731
    days = lambda values: bool(day_formats(values))  # noqa: E731
    words = lambda values: sum(any(map(str.isalpha, text)) for text in values) > len(values) / 2  # noqa: E731
    tests: dict[str, Callable[[list[str]], bool]] = {
        "mcc": codes,
        "merchant_currency": three,
        "currency": three,
        "posting_date": days,
        "merchant": words,
        "office": words,
    }
    tests |= {"label": lambda values: len(set(values)) < 3, "card": bool, "cost_centre": bool, "description": words}  # noqa: PLR2004
    for fld, holds in tests.items():
        if column := _best(texts, fld, holds, set(made.columns.values())):
            made.columns[fld] = column
            made.evidence[fld] = "its name"
    if "merchant" not in made.columns:
        made.doubts.append("No column's name speaks of a payee: name it.")


def _currency_of(made: Guess, texts: dict[str, list[str]]) -> None:
    column = made.columns.get("currency")
    amount = made.columns.get("amount", "")
    found = Counter(texts[column]) if column else Counter()
    for text in [amount.upper(), *texts.get(amount, [])]:
        signs = [codes for sign, codes in SIGNS.items() if sign in text and len(codes) == 1]
        found.update(code for codes in signs for code in codes)
        found.update({"\u00a3": ["GBP"], "\u20ac": ["EUR"]}.get(next((s for s in "\u00a3\u20ac" if s in text), ""), []))
        found.update(re.findall(r"\b(?:USD|EUR|GBP|CAD|AUD|NZD|BRL|CHF|SEK|NOK|DKK|PLN|CZK|JPY|INR|MXN)\b", text))
    if found:
        [(code, rows)] = found.most_common(1)
        made.keys["currency"] = f'"{code}"'
        made.evidence["currency"] = f"{rows} times"
        if len(found) > 1:
            made.doubts.append(f"Several currencies: {', '.join(found)}. Rows of others need [[rates]].")
    else:
        made.keys["currency"] = '"???"'
        dollars = any("$" in text for text in [amount, *texts.get(amount, [])])
        said = "Amounts carry $, which many currencies use" if dollars else "Nothing says in which currency amounts are"
        made.doubts.append(f"{said}: replace ???.")


def _id(made: Guess, texts: dict[str, list[str]], rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
    free = {name: values for name, values in texts.items() if name not in made.columns.values()}
    full = len(rows)
    unique = lambda values: len(set(values)) == len(values) >= _MOST * full  # noqa: E731
    if column := _best(free, "transaction_id", unique, set()):
        made.columns["transaction_id"] = column
        made.evidence["transaction_id"] = f"{len(free[column])} different values"
        return
    named = [name for name in free if _score(name, "transaction_id") or re.search(r"\bline\b|item", name.lower())]
    places = [header.index(name) for name in named[:2]]
    pairs = {tuple(row[place] for place in places) for row in rows}
    if len(places) == 2 and len(pairs) == full:  # noqa: PLR2004 (a pair)
        made.keys["ids"] = f'["{named[0]}", "{named[1]}"]'
        made.evidence["ids"] = f"{full} different pairs"
        return
    made.keys["ids"] = '"digest"'
    made.evidence["ids"] = "no column of ids in which each is a row's"
    if named:
        made.doubts.append(f"{named[0]} looks like an id, but comes several times: lines of an order, perhaps.")
