"""What a mapping declares under [own] and [features], read and refused in sentences (docs/your-features.md)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, get_args

from model_code.errors import InputError
from model_code.features.feature import COMMON, LONG
from model_code.features.fields import FIELDS, Moment
from model_code.features.own import AMOUNT, OWNERS, Kind, Own, OwnColumn, OwnFeature, What
from model_code.features.views import VIEWS

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_MOMENTS = {moment.name.lower(): moment for moment in Moment}
_COLUMN_KEYS = {"kind", "known_at", "meaning"}
_FEATURE_KEYS = {"what", "of", "by", "days", "words", "meaning", "odd"}
_NUMBERS, _WORDS = ("number",), ("category", "text")
_OF: dict[str, tuple[str, ...]] = {
    "value": ("number", "date"),
    "words": _WORDS,
    "share": _WORDS,
    "sum": _NUMBERS,
    "unusual": _NUMBERS,
    "above_largest": _NUMBERS,
}
"""Of which kinds of column a feature can be; the others are of none."""
_ALONE = {"value", "words"}
_ODD = ("high", "low", "neither")
_USUALLY_ODD = {"value": "", "number": "", "share": "low"}
_MEANINGS = {
    "value": "{of}",
    "words": "the {of} says {words}",
    "number": "purchases {group} in the {days} days before",
    "days_since": "days since the last purchase {group} ({more}: longer)",
    "share": "share with the same {of} of the purchases {group} in the {days} days before",
    "sum": "{of} of all purchases {group} in the {days} days before",
    "unusual": "the {of}, against the usual one {group} in the {days} days before",
    "above_largest": "the {of}, against the largest one {group} in the {days} days before",
}


def read_own(name: str, content: Mapping[str, Any]) -> Own:
    """The own columns and features of a mapping that messages call `name`; an Atoll field keeps its meaning.

    Raises:
        InputError: a declaration is incomplete, contradicts itself, or needs what isn't known when a purchase is made.
    """
    own = Own(tuple(_column(name, *each) for each in content.get("own", {}).items()))
    reader = _Features(name, own, known={*content.get("columns", FIELDS), *content.get("constants", {})})
    features = tuple(reader.read(*each) for each in content.get("features", {}).items())
    return own._replace(features=features)


def _column(mapping: str, name: str, said: Any) -> OwnColumn:  # noqa: ANN401 (what a file says)
    where = f"The column mapping {mapping}, [own.{name}]"
    _expect_name(where, name, taken={*FIELDS, *OWNERS, AMOUNT})
    _expect_table(where, said, _COLUMN_KEYS)
    kind, known_at = said.get("kind"), said.get("known_at")
    if kind not in get_args(Kind):
        _refuse(where, f"kind = {kind!r}; expected one of {', '.join(get_args(Kind))}.")
    if known_at not in _MOMENTS:
        _refuse(where, f"known_at = {known_at!r}; expected one of {', '.join(_MOMENTS)}: when does its value exist?")
    return OwnColumn(name, kind, _MOMENTS[known_at], str(said.get("meaning", name.replace("_", " "))))


class _Features:
    """Reads the features that stand beside these columns; `known` are Atoll's fields that the ledger has."""

    def __init__(self, mapping: str, own: Own, *, known: set[str]) -> None:
        self.mapping, self.own, self.known = mapping, own, known

    def read(self, name: str, said: Any) -> OwnFeature:  # noqa: ANN401 (what a file says)
        """One feature."""
        where = f"The column mapping {self.mapping}, [features.{name}]"
        taken = {each for view in VIEWS.values() for each in view.columns} | {*FIELDS}
        _expect_name(where, name, taken={*taken, *(each.name for each in self.own.columns)})
        _expect_table(where, said, _FEATURE_KEYS)
        what = said.get("what")
        if what not in get_args(What):
            _refuse(where, f"what = {what!r}; expected one of {', '.join(get_args(What))}.")
        feature = OwnFeature(
            name=name,
            what=what,
            of=self._of(where, what, said.get("of", "")),
            by=self._by(where, what, said.get("by", [])),
            days=_days(where, what, said.get("days", 0)),
            words=_words(where, what, said.get("words", [])),
            odd=_odd(where, what, said.get("odd")),
            meaning="",
        )
        return feature._replace(meaning=str(said.get("meaning") or self._meaning(feature)))

    def _of(self, where: str, what: str, of: str) -> str:
        kinds = _OF.get(what, ())
        mine = self.own.column(of)
        if mine:
            self._expect_known(where, mine)
        fits = (mine and mine.kind in kinds) or (of == AMOUNT and kinds == _NUMBERS)
        if not (fits if kinds else not of):
            fitting = [each.name for each in self.own.columns if each.kind in kinds]
            fitting += [AMOUNT] if kinds == _NUMBERS else []
            expected = f"a column of the kind {' or '.join(kinds)} ({', '.join(fitting) or 'none is declared'})"
            _refuse(where, f"what = {what!r} and of = {of!r}; expected {expected if kinds else 'no of'}.")
        return of

    def _by(self, where: str, what: str, by: str | Sequence[str]) -> tuple[str, ...]:
        names = (by,) if isinstance(by, str) else tuple(by)
        if bool(names) == (what in _ALONE):
            _refuse(where, f"what = {what!r} and by = {list(names)}; {'it takes none' if names else 'expected one'}.")
        owners = [*OWNERS, *(each.name for each in self.own.columns if each.kind == "category")]
        for name in names:
            if name not in owners:
                _refuse(where, f"by = {name!r}; expected fields or own categories: {', '.join(owners)}.")
            if mine := self.own.column(name):
                self._expect_known(where, mine)
            elif name not in self.known:
                _refuse(where, f"by = {name!r}, and no column of the ledger is {name}: declare it in [columns].")
        return names

    @staticmethod
    def _expect_known(where: str, column: OwnColumn) -> None:
        if column.known_at > Moment.AUTHORISATION:
            _refuse(
                where,
                f"it needs {column.name}, known at {column.known_at.name.lower()}. A purchase is scored by what is "
                "known at its authorisation, else the model learns from what came afterwards; the column is carried, "
                "and no feature can be made of it.",
            )

    def _meaning(self, feature: OwnFeature) -> str:
        mine = self.own.column(feature.of)
        called = mine.meaning if mine else feature.of
        if feature.what == "value" and mine and mine.kind == "date":
            called = f"days from {called} to the purchase"
        meaning = _MEANINGS[feature.what].format(
            of=called,
            group=self.own.group(feature),
            days=feature.days,
            more=feature.days + 1,
            words=" or ".join(feature.words),
        )
        return f"{meaning} ({100 * COMMON:.0f} %: that much or more)" if feature.bounded else meaning


def _days(where: str, what: str, days: object) -> int:
    whole = isinstance(days, int) and not isinstance(days, bool)
    if what in _ALONE and not days:
        return 0
    if what in _ALONE or not whole or not 1 <= days <= LONG:
        _refuse(where, f"days = {days!r}; expected {'none' if what in _ALONE else f'a whole number from 1 to {LONG}'}.")
    return int(str(days))


def _words(where: str, what: str, words: object) -> tuple[str, ...]:
    fits = isinstance(words, list) and all(isinstance(word, str) and word.strip() for word in words)
    if not isinstance(words, list) or not fits or bool(words) != (what == "words"):
        _refuse(where, f"words = {words!r}; expected {'a list of words' if what == 'words' else 'none'}.")
    return tuple(" ".join(word.upper().split()) for word in words)


def _odd(where: str, what: str, odd: object) -> str:
    if odd is None:
        return _USUALLY_ODD.get(what, "high")
    if odd not in _ODD:
        _refuse(where, f"odd = {odd!r}; expected {', '.join(_ODD)}: which values are odd?")
    return "" if odd == "neither" else str(odd)


def _expect_name(where: str, name: str, *, taken: set[str]) -> None:
    if not _NAME.fullmatch(name):
        _refuse(where, "is no name; expected small letters, digits and _, at most 40, a letter first.")
    if name in taken:
        _refuse(where, "has a name that Atoll uses itself; choose another.")


def _expect_table(where: str, said: object, keys: set[str]) -> None:
    if not isinstance(said, dict):
        _refuse(where, f"says {said!r}; expected a table with {', '.join(sorted(keys))}.")
    if unknown := sorted(set(map(str, said)) - keys):
        _refuse(where, f"has unknown keys {', '.join(unknown)}; known: {', '.join(sorted(keys))}.")


def _refuse(where: str, what: str) -> NoReturn:
    raise InputError(f"{where}: {what} docs/your-features.md has examples.")
