"""The rows that a state holds: parts of Parquet files, each of rows that came together, in order of their days.

A part never changes: later rows are a part of their own, which says which earlier rows it corrects. `at` is a row's
number in the state. Equal input gives equal bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, cast

import ibis
from ibis.expr.types import NumericValue, StringValue, Table

from model_code.etl.engines import Engine
from model_code.etl.overlap import COMPARED
from model_code.features.build import needed_windows, prepare, read_by, texts_of
from model_code.features.fields import ALONE
from model_code.features.thresholds import Threshold
from model_code.features.views import View
from model_code.features.windows import Window

CONTENT, KEYS, CODES, CORRECTED = "content.parquet", "keys.parquet", "codes.parquet", "corrected.parquet"
"""Of each row: what a later one of its id is compared with; what windows read, with a whole number in place of each
text. The numbers of texts that came first with this part. The rows of earlier parts that it corrects."""
FILES = (CONTENT, KEYS, CODES, CORRECTED)


@dataclass(frozen=True)
class Making:
    """How features are made of rows: the same for all parts of a state."""

    view: View
    also: Sequence[Window]
    thresholds: Sequence[Threshold]


@dataclass(frozen=True)
class Parts:
    """The parts of a state, in the order in which they came."""

    folders: Sequence[Path]
    engine: Engine

    def content(self) -> Table:
        """The rows that count: those that no later part corrects."""
        return self._counting(self.all_of(CONTENT))

    def keys(self) -> Table:
        """The same rows as windows read them."""
        return self._counting(self.all_of(KEYS))

    def _counting(self, rows: Table) -> Table:
        corrected = self.all_of(CORRECTED)
        return rows.anti_join(corrected, "at") if self.engine.size(corrected) else rows

    def codes(self) -> Table:
        """Which number stands for which text of which column."""
        return self.all_of(CODES)

    def all_of(self, name: str) -> Table:
        """The rows of one file of all parts."""
        return read_all(self.engine, [folder / name for folder in self.folders])


def read_all(engine: Engine, paths: Sequence[Path]) -> Table:
    """The rows of Parquet files of the same columns."""
    return reduce(lambda one, two: one.union(two), map(engine.read, paths))


def write_part(folder: Path, rows: Table, first: int, earlier: Parts, made: Making, corrected: Table) -> None:
    """Write rows with `row` as a part whose numbers begin with `first`; `corrected` has the `at` of rows that go."""
    folder.mkdir(mode=0o700)
    engine = earlier.engine
    numbered = rows.mutate(at=rows["row"] + first)
    content = [*dict.fromkeys(["transaction_id", *COMPARED, *made.view.compared])]
    copy(engine, numbered.select("at", *content).order_by("at"), folder / CONTENT)
    prepared = prepare(rows, thresholds=made.thresholds, view=made.view)
    read = read_by(needed_windows(made.view, made.also))
    texts = texts_of(prepared, read)
    narrow = prepared.select(*read, at=prepared["row"] + first)
    known = earlier.codes() if earlier.folders else None
    fresh = reduce(lambda one, two: one.union(two), [_fresh(narrow, name, known) for name in texts])
    copy(engine, fresh.order_by("name", "code"), folder / CODES)
    codes = read_all(engine, [*(each / CODES for each in earlier.folders), folder / CODES])
    for name in texts:
        narrow = _coded(narrow, name, codes)
    copy(engine, narrow.select("at", *read).order_by("at"), folder / KEYS)
    copy(engine, corrected.select("at").order_by("at"), folder / CORRECTED)


def _fresh(rows: Table, name: str, known: Table | None) -> Table:
    """The texts of a column that no part had, numbered on; a blank owner's key is nobody else's and gets no number."""
    filled = cast("StringValue", rows[name].fill_null(""))
    texts = rows.select(text=filled).distinct()
    texts = texts.filter(~cast("StringValue", texts["text"]).startswith(ALONE))
    begin: Any = ibis.literal(0)
    if known is not None:
        mine = known.filter(known["name"] == name)
        texts = texts.anti_join(mine, "text")
        begin = mine.aggregate(
            next=(cast("NumericValue", mine["code"].max()) + 1).coalesce(ibis.literal(0))
        ).as_scalar()
    numbers = ibis.row_number().over(order_by="text") + begin
    return texts.select(name=ibis.literal(name), text=texts["text"], code=numbers.cast("int32"))


def _coded(rows: Table, name: str, codes: Table) -> Table:
    filled = rows.mutate(**{name: rows[name].fill_null("")})
    mine = codes.filter(codes["name"] == name).select(text_of=codes["text"], code_of=codes["code"])
    joined = filled.left_join(mine, filled[name] == mine["text_of"])
    return joined.drop(name, "text_of").rename({name: "code_of"})


def merge(one: Parts, folder: Path) -> None:
    """Write several parts as one: without the rows among them that are corrected by one of them."""
    folder.mkdir(mode=0o700)
    rows = {CONTENT: one.content().order_by("at"), KEYS: one.keys().order_by("day", "at")}
    codes = one.codes().order_by("name", "code")
    for name, table in {**rows, CODES: codes, CORRECTED: one.all_of(CORRECTED).order_by("at")}.items():
        copy(one.engine, table, folder / name)


def copy(engine: Engine, table: Table, path: Path) -> None:
    """Write a table's rows in their order; they needn't be in memory at once."""
    connection = cast("Any", engine.backend)
    query = str(connection.compile(table))
    connection.con.execute(f"COPY ({query}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
