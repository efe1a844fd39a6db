"""A staged ledger looked at as a whole: counted by file and month, its ids, blocks that come twice, stray days."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from model_code.etl.checking import LINES, FileRead
from model_code.etl.engine import Answer, Engine
from model_code.etl.periods import stray_days
from model_code.etl.staging import Staged, place_of

_PARTS = (
    "SELECT file, date_trunc('month', transaction_date)::DATE, count(*), count_if(amount < 0), sum(amount), "
    "median(abs(amount)) FROM whole GROUP BY 1, 2 ORDER BY 1, 2"
)
_LONG_IDS = (
    r"SELECT count_if(regexp_matches(id, '^\d{16,}$')), count_if(regexp_matches(id, '^\d{15,}0$')) FROM "
    "(SELECT transaction_id AS id FROM whole UNION SELECT card FROM whole)"
)
_DIFFERING = (
    "SELECT min(line), count(*), count(DISTINCT amount), list(DISTINCT file), "
    "count(DISTINCT (transaction_date, merchant, amount)) AS contents FROM whole "
    "GROUP BY transaction_id HAVING count(*) > 1 AND contents > 1"
)
_BEFORE = (
    "SELECT line, number, before, hash FROM (SELECT line, number, hash, lag(number) OVER (PARTITION BY hash ORDER BY "
    "number) AS before FROM (SELECT line, hash(transaction_date, merchant, amount, office, card, mcc, description) AS "
    "hash, row_number() OVER (ORDER BY line) AS number FROM once)) WHERE before IS NOT NULL ORDER BY number"
)
_NUMBERS_AS = {
    "merchant": r"SELECT file, count(*), avg(regexp_matches(merchant, '^[-\d\s.,/:]+$')::INT) FROM whole GROUP BY 1",
    "office": r"SELECT file, count(*), avg(regexp_matches(office, '^[-\d\s.,/:]+$')::INT) FROM whole GROUP BY 1",
}
_EXCHANGED = (
    "SELECT w.file, count(*), avg((coalesce(o.files, 0) > m.files)::INT) FROM whole w "
    "JOIN (SELECT merchant AS name, count(DISTINCT file) AS files FROM whole GROUP BY 1) m ON w.merchant = m.name "
    "LEFT JOIN (SELECT upper(office) AS name, count(DISTINCT file) AS files FROM whole GROUP BY 1) o "
    "ON w.merchant = o.name GROUP BY 1 ORDER BY 1"
)
_ONE_DAY = (
    "SELECT file, count(DISTINCT day(transaction_date)), "
    "count(DISTINCT date_trunc('month', transaction_date)) FROM whole GROUP BY 1 ORDER BY 1"
)
_SPANS = "SELECT file, min(transaction_date)::DATE, max(transaction_date)::DATE FROM whole GROUP BY 1"
_ALIKE, _SELDOM, _SEVERAL = 0.5, 0.1, 3


class Part(NamedTuple):
    """The accepted rows of one file in one month."""

    file: int
    month: date
    rows: int
    negative: int
    spent: float
    median: float


class Ids(NamedTuple):
    """How ids are spread over rows."""

    rows: int
    different: int
    several_amounts: int
    differing: int
    """Rows beyond the first of their id that differ from it in day, payee or amount."""
    first: int
    files: list[int]
    long: int
    long_zeros: int


class Block(NamedTuple):
    """Rows that come again: how many, where they begin, where they stood before."""

    rows: int
    place: int
    before: int
    files: list[int]


@dataclass(frozen=True)
class Ledger:
    """A staged ledger, whose rows an engine has."""

    name: str
    staged: Staged
    engine: Engine
    own_ids: bool
    """Whether rows brought their ids, and lines aren't added up."""

    @property
    def files(self) -> list[FileRead]:
        """Its files, in order."""
        return self.staged.files

    @property
    def rows(self) -> int:
        """The accepted rows."""
        return sum(part.rows for part in self.parts)

    @cached_property
    def reasons(self) -> dict[str, int]:
        """How many rows were set aside for each reason, the most frequent first."""
        return self.engine.counts(self.staged.quarantined, "reason")

    @cached_property
    def parts(self) -> list[Part]:
        """By file and month."""
        return [Part(*row) for row in self.ask(_PARTS)]

    @cached_property
    def days(self) -> dict[date, int]:
        """How many rows each day has."""
        return dict(self.ask("SELECT transaction_date::DATE, count(*) FROM whole GROUP BY 1 ORDER BY 1"))

    def ids(self) -> Ids:
        """How ids are spread."""
        [long] = self.ask(_LONG_IDS)
        if not self.own_ids:
            return Ids(0, 0, 0, 0, 0, [], *long)
        rows, different = self.ask("SELECT count(*), count(DISTINCT transaction_id) FROM whole")[0]
        several = self.ask(_DIFFERING)
        amounts = [row for row in several if row[2] > 1]
        files = sorted({number for row in amounts for number in row[3]})
        first = min((row[0] for row in amounts), default=0)
        return Ids(rows, different, len(amounts), sum(row[4] - 1 for row in several), first, files, *long)

    def blocks(self, *, least: int) -> list[Block]:
        """Rows of the same content and order as earlier ones, at least so many."""
        lines, numbers, before, hashes = self._arrays(_BEFORE)
        if len(numbers) < least:
            return []
        goes_on = (np.diff(numbers) == 1) & (np.diff(before) == 1)
        starts = np.flatnonzero(np.r_[True, ~goes_on])
        ends = np.r_[starts[1:], len(numbers)]
        long = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a >= least]
        real = [
            (a, b) for a, b in long if len(np.unique(hashes[a:b])) >= least // 2 and numbers[a] - before[a] >= b - a
        ]
        return [self._block(int(lines[a]), int(before[a]), int(b - a)) for a, b in real]

    def _block(self, place: int, before: int, rows: int) -> Block:
        [[earlier]] = self.ask(f"SELECT line FROM once ORDER BY line LIMIT 1 OFFSET {before - 1}")  # noqa: S608 (a number of ours)
        return Block(rows, place, earlier, sorted({place // LINES, earlier // LINES}))

    def strays(self, *, gap: int, least: int) -> dict[date, int]:
        """Days with single rows, at the beginning or the end, far from all others; none in a ledger of few rows."""
        return stray_days(self.days, gap=gap) if self.rows >= least else {}

    def changed(self, *, least: int) -> list[tuple[int, str]]:
        """Files in which payees or offices are something else than in most, with what they are."""
        if len(self.files) < 2:  # noqa: PLR2004 (compared with another)
            return []
        found = []
        for name, query in _NUMBERS_AS.items():
            shares = self.ask(query)
            usual = np.median([share for _, _, share in shares])
            found += [
                (file, f"`{name}` holds numbers, and not in the other files")
                for file, rows, share in shares
                if rows >= least and share > _ALIKE and usual < _SELDOM
            ]
        return found + self._exchanged(least)

    def one_day_a_month(self) -> list[int]:
        """Files whose rows lie on one day of several months, where the others hold a month or two each.

        So few rows as there are months say it: a day's or a month's file has one month or two.
        """
        spread = self.ask(_ONE_DAY) if len(self.files) > 1 else []
        usual = np.median([months for *_, months in spread]) if spread else 0
        return [file for file, days, months in spread if days == 1 and months >= _SEVERAL and usual <= 2]  # noqa: PLR2004 (a month or two)

    def _exchanged(self, least: int) -> list[tuple[int, str]]:
        """Files whose payees are offices in more files than they are payees."""
        crossed = self.ask(_EXCHANGED)
        usual = np.median([share for _, _, share in crossed])
        return [
            (file, "its payees are the other files' offices: are two columns exchanged?")
            for file, rows, share in crossed
            if rows >= least and share > _ALIKE and usual < _SELDOM
        ]

    def where(self, place: int) -> str:
        """A row's file and line, for people."""
        file, line = place_of(place, self.files)
        return f"{file}, line {line}"

    def grouped(self, key: Callable[[Part], Hashable]) -> dict[Hashable, list[Part]]:
        """The parts by file or by month, in order."""
        groups: dict[Hashable, list[Part]] = {}
        for part in sorted(self.parts, key=lambda part: (key(part), part.month, part.file)):
            groups.setdefault(key(part), []).append(part)
        return groups

    def group_name(self, key: Hashable) -> str:
        """A group's name, for people."""
        return self.files[key].name if isinstance(key, int) else f"{self.name}, {key:%B %Y}"

    def span(self, files: Sequence[FileRead]) -> tuple[date, date]:
        """The first and the last day of some files' rows."""
        spans = {number: (first, last) for number, first, last in self.ask(_SPANS)}
        days = [day for number, file in enumerate(self.files) if file in files for day in spans.get(number, ())]
        return (min(days), max(days)) if days else (date.max, date.min)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The answer to a query over `whole` (every accepted row) and `once` (without repeated ones)."""
        return self._asked(query).fetchall()

    def _arrays(self, query: str) -> Iterable[np.ndarray]:
        return self._asked(query).fetchnumpy().values()

    def _asked(self, query: str) -> Answer:
        return self.engine.ask(query, self.staged.rows, self.staged.kept)
