"""Amounts as agencies write them: decimal points and commas, thousands, signs of currencies, every form of minus."""

import re
from functools import lru_cache
from typing import Literal

Decimal = Literal[".", ","]

_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2012": "-", "\ufe63": "-", "\uff0d": "-", "\u2019": "'"})
_SPACES = re.compile(r"\s+")
# Thousands by comma also as India groups them (1,23,456), by space, and by Switzerland's apostrophe.
_WHOLE = r"\d{1,3}(?:%s\d{2,3})*%s\d{3}|\d{1,3}(?: \d{3})+|\d{1,3}(?:'\d{3})+|\d+"
_NUMBERS = {
    ".": re.compile(rf"(?:{_WHOLE % (',', ',')})(?:\.\d*)?|\.\d+", re.ASCII),
    ",": re.compile(rf"(?:{_WHOLE % ('[.]', '[.]')})(?:,\d*)?|,\d+", re.ASCII),
}
_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "CLP", "COP", "ARS", "TWD", "JMD", "FJD", "BBD"})
SIGNS: dict[str, frozenset[str]] = {
    "US$": frozenset({"USD"}), "CA$": frozenset({"CAD"}), "C$": frozenset({"CAD"}), "AU$": frozenset({"AUD"}),
    "A$": frozenset({"AUD"}), "NZ$": frozenset({"NZD"}), "R$": frozenset({"BRL"}), "$": _DOLLARS,
    "\u00a3": frozenset({"GBP", "EGP", "GIP", "JEP"}), "\u20ac": frozenset({"EUR"}),
    "\u00a5": frozenset({"JPY", "CNY"}), "\u20b9": frozenset({"INR"}), "\u20bd": frozenset({"RUB"}),
    "\u20ba": frozenset({"TRY"}), "\u20a9": frozenset({"KRW"}), "\u20aa": frozenset({"ILS"}),
    "\u20b1": frozenset({"PHP"}), "z\u0142": frozenset({"PLN"}), "K\u010d": frozenset({"CZK"}),
    "Fr.": frozenset({"CHF"}), "kr.": frozenset({"DKK", "NOK", "SEK", "ISK"}),
    "kr": frozenset({"DKK", "NOK", "SEK", "ISK"}), "Ft": frozenset({"HUF"}), "lei": frozenset({"RON"}),
}  # fmt: skip
_BRACKETS = {("(", ")"), ("<", ">")}
_MINUS_WORDS = {"CR", "CREDIT"}
_WORD_LAST = re.compile(r"(?P<rest>.*[^A-Za-z])(?P<sign>CREDIT|CR|DEBIT|DR|DB)", re.IGNORECASE)
_WORD_FIRST = re.compile(r"(?P<sign>CREDIT|CR|DEBIT|DR|DB)(?P<rest>[^A-Za-z].*)", re.IGNORECASE)


@lru_cache(maxsize=100_000)
def parse_amount(text: str, decimal: Decimal = ".", currencies: tuple[str, ...] = ("USD",)) -> float | None:
    """An amount: `1,234.50`, `$12`, `USD 12`; refunds: `-12.50`, `(12.50)`, `$(12.50)`, `12.50-`, `12.50 CR`, `-$12`.

    None if it is no number in one of these currencies.
    """
    body, minus, plus, foreign = _bare(text, currencies)
    if foreign or minus > 1 or (minus and plus):
        return None
    if not body and minus and "-" in text.translate(_MINUS) and _currency_mark(text):
        return 0.0  # `$ -` is how accountants write zero
    if not _NUMBERS[decimal].fullmatch(body):
        return None
    thousands = "," if decimal == "." else "."
    size = float(re.sub(f"[{thousands} ']", "", body).replace(decimal, "."))
    return round(-size if minus else size, 2)


def foreign_mark(text: str, currencies: tuple[str, ...]) -> bool:
    """Whether an amount carries the sign or the code of another currency than these."""
    return _bare(text, currencies)[3]


@lru_cache(maxsize=100_000)
def decimal_mark(text: str) -> str:
    """What a text says about the decimal sign: `.`, `,`, `either.` (1.250), `either,` (1,250), or nothing (empty)."""
    marks = re.findall(r"[.,]", body := re.sub(r"[^\d.,]", "", text, flags=re.ASCII))
    if not marks:
        return ""
    last, digits = marks[-1], len(body) - 1 - max(body.rfind("."), body.rfind(","))
    if len(set(marks)) > 1:
        return last
    if len(marks) > 1:
        return "," if last == "." else "."
    ambiguous = digits == 3 and re.match(r"[1-9]\d{0,2}[.,]", body)  # noqa: PLR2004 (a group of thousands)
    return f"either{last}" if ambiguous else last


@lru_cache(maxsize=100_000)
def _bare(text: str, currencies: tuple[str, ...]) -> tuple[str, int, bool, bool]:
    """The text without its marks; how many of them say minus, whether one says plus, whether a currency is foreign."""
    body, minus, plus, foreign, named = _SPACES.sub(" ", text.translate(_MINUS)).strip(), 0, False, False, False
    while body:
        if sign := _sign(body):
            body, minus, plus = sign[1].strip(), minus + (sign[0] == "-"), plus or sign[0] == "+"
        elif not named and (mark := _currency(body)):
            body, named, foreign = mark[1].strip(), True, not mark[0].intersection(currencies)
        else:
            break
    return body, minus, plus, foreign


def _currency_mark(text: str) -> bool:
    return any(sign in text for sign in SIGNS)


def _sign(body: str) -> tuple[str, str] | None:
    """Whether something at the ends says minus or plus, and what is left of the text."""
    if (body[0], body[-1]) in _BRACKETS:
        return "-", body[1:-1]
    if body[0] in "+-":
        return body[0], body[1:]
    if body[-1] in "+-":
        return body[-1], body[:-1]
    if word := _WORD_LAST.fullmatch(body) or _WORD_FIRST.fullmatch(body):
        return ("-" if word["sign"].upper() in _MINUS_WORDS else "+"), word["rest"]
    return None


def _currency(body: str) -> tuple[frozenset[str], str] | None:
    """The currencies that a sign or code at either end may mean, and what is left of the text."""
    for sign, currencies in SIGNS.items():
        for left, hit in (
            (body.removeprefix(sign), body.startswith(sign)),
            (body.removesuffix(sign), body.endswith(sign)),
        ):
            if hit and not left[:1].isalpha():
                return currencies, left
    for code, left in ((body[:3], body[3:]), (body[-3:], body[:-3])):
        beside = left[:1].isalpha() or left[-1:].isalpha() or not re.search(r"\d", left)
        if _CODE.fullmatch(code.upper()) and not beside:
            return frozenset({code.upper()}), left
    return None
