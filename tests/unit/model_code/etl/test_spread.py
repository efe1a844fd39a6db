"""What an executor makes of a file, and queries in Spark's words; the real Spark is in tests/contract/etl."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest

from model_code.errors import InputError
from model_code.etl.checking import Checking, FileRead
from model_code.etl.files import LedgerFile
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.etl.spark import Spark, in_sparks_words
from model_code.etl.spread import LARGEST, SparkFile, checker, expect_readable, listed, made, read_of, schema_of
from tests.unit.model_code.own_ledgers import MAPPING

HEADER = "office,mcc,transaction_id,merchant,amount,transaction_date,grade,hours,ends,note,booked"
FILE = SparkFile("file:/x/year=2026/a.csv", "year=2026/a.csv", 3)


def mapping(folder: Path) -> ColumnMapping:
    (folder / "columns.toml").write_text(MAPPING)
    return read_mapping(folder / "columns.toml")


def checked(content: str, mapping: ColumnMapping) -> pa.Table:
    schema = schema_of(mapping)
    work = checker(Checking(mapping, declared=True))
    return pa.Table.from_batches(made(FILE, pa.py_buffer(content.encode()), work, schema), schema)


def test_an_executor_hands_over_rows_reasons_and_what_its_file_gave_in_the_declared_types(tmp_path: Path) -> None:
    rows = [",,T1,ACME,5.5,2026-01-02,GS-7,1.5,2026-02-01,x,1", ",,T2,,5,2026-01-02,,,,,"]
    table = checked("\n".join([HEADER, *rows]), mapping(tmp_path))
    accepted, rejected, told = table.to_pylist()
    assert (accepted["line"], accepted["transaction_id"], accepted["amount"]) == ((3 << 40) + 2, "T1", 5.5)
    assert (accepted["own_hours"], str(accepted["own_ends"])) == (1.5, "2026-02-01 00:00:00")
    assert (rejected["line"], rejected["reason"]) == ((3 << 40) + 3, "missing merchant")
    read = FileRead.of_json(told["told"])
    assert (told["number"], read.name, read.read, read.accepted) == (3, FILE.name, 2, 1)


def test_a_file_that_cannot_be_used_is_told_and_does_not_end_the_executor(tmp_path: Path) -> None:
    [*_, told] = checked("a,b\n1,2", mapping(tmp_path)).to_pylist()
    assert (told["number"], told["told"]) == (3, None)
    assert "year=2026/a.csv lacks the columns" in told["refused"]


def test_an_executor_knows_what_the_folders_say_and_leaves_no_file(tmp_path: Path) -> None:
    seen: list[LedgerFile] = []

    def look(_: SparkFile, local: LedgerFile) -> Iterator[pa.Table]:
        seen.append(local)
        assert local.path.read_bytes() == b"x"
        yield pa.table({"line": pa.array([1], pa.int64())})

    list(made(FILE, pa.py_buffer(b"x"), look, schema_of(mapping(tmp_path))))
    assert seen[0].folders == {"year": "2026"}
    assert not seen[0].path.exists()


@pytest.mark.parametrize(
    ("name", "length", "says"),
    [
        ("a.zip", 1, "is an archive, and --engine spark opens none"),
        ("a.pdf", 1, "its name must end in"),
        ("a.csv", LARGEST + 1, "1,073,741,825 bytes, .* at most 1,073,741,824 .* hand it in as several files"),
    ],
)
def test_a_file_that_no_executor_can_read_is_refused_before_any_is_read(name: str, length: int, says: str) -> None:
    with pytest.raises(InputError, match=f"{name}.*{says}"):
        expect_readable(name, length)


@pytest.mark.parametrize(
    ("ours", "sparks"),
    [
        ("SELECT floor(log10(amount)) FROM once", "SELECT FLOOR(LOG10(amount)) FROM once"),
        ("SELECT isodow(day) FROM once", "SELECT (WEEKDAY(day) + 1) FROM once"),
        ("SELECT hash(day, amount) FROM once", "SELECT XXHASH64(day, amount) FROM once"),
    ],
)
def test_a_word_of_another_meaning_is_said_in_sparks_own(ours: str, sparks: str) -> None:
    assert in_sparks_words(ours).upper() == sparks.upper()


@dataclass
class Frame:
    """As far as Spark's frames go: rows that are filtered and collected."""

    rows: list[dict[str, Any]]

    def filter(self, _: str) -> "Frame":
        return Frame([row for row in self.rows if row["number"] is not None])

    def select(self, *names: str) -> "Frame":
        return Frame([{name: row[name] for name in names} for row in self.rows])

    def toArrow(self) -> pa.Table:  # noqa: N802 (Spark's name)
        return pa.Table.from_pylist(self.rows)


class Session:
    """One whose reader finds these files, whatever it is asked for."""

    def __init__(self, *paths: str) -> None:
        self.paths, self.asked = paths, [""]
        self.read = self

    def format(self, name: str) -> "Session":
        assert name == "binaryFile"
        return self

    def option(self, *_: str) -> "Session":
        return self

    def load(self, paths: list[str]) -> Frame:
        self.asked = paths
        return Frame([{"path": path, "length": 5} for path in self.paths])


@pytest.mark.parametrize("root", ["file:///a b/[x]", "s3://bucket/a b/[x]"])
def test_files_are_numbered_by_name_as_on_one_host_and_hidden_ones_are_none(root: str) -> None:
    names = ["year=2026/b.csv", "year=2026/a.csv", "z.parquet", "year=2025/_SUCCESS/c.csv", "a-b.csv", ".x/y.csv"]
    place = root.replace("file://", "file:")  # as Spark says it
    session = Session(*(f"{place}/{name}" for name in names))
    found = listed(session, root)
    assert [file.name for file in found] == ["a-b.csv", "year=2026/a.csv", "year=2026/b.csv", "z.parquet"]
    assert [file.number for file in found] == [0, 1, 2, 3]
    assert found[0].path == f"{place}/a-b.csv"
    assert session.asked == [root.replace("[", r"\[").replace("]", r"\]")]


def test_scores_given_before_are_read_from_a_file_of_any_name() -> None:
    engine = Spark.__new__(Spark)
    engine.backend = cast("Any", SimpleNamespace(read_parquet=str))
    assert engine.read(Path("/x/scores [1].parquet")) == r"file:///x/scores \[1\].parquet"


def test_one_file_is_a_ledger_of_its_own_name() -> None:
    [file] = listed(Session("file:/x/ledger.csv"), "file:///x/ledger.csv")
    assert file == SparkFile("file:/x/ledger.csv", "ledger.csv", 0)


def test_a_place_without_files_is_no_ledger() -> None:
    with pytest.raises(InputError, match="There is no ledger in empty"):
        listed(Session(), "file:///x/empty")


def test_of_two_files_that_are_refused_the_first_ones_sentence_counts() -> None:
    rows = [{"number": number, "told": None, "refused": f"file {number} is wrong"} for number in (5, 2, 3)]
    row = {"number": None, "told": None, "refused": None}
    with pytest.raises(InputError, match=r"^file 2 is wrong$"):
        read_of(Frame([row, *rows]))
