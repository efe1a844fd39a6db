"""A file is checked alike wherever that happens: its rows' places, its repeats, and what another process is told."""

from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.errors import InputError
from model_code.etl.checking import LINES, Checking, FileRead
from model_code.etl.files import LedgerFile
from model_code.etl.mapping import ColumnMapping
from model_code.etl.texts import Seen

CHECKING = Checking(ColumnMapping(), declared=False)
HEADER = "transaction_id,office,merchant,mcc,amount,transaction_date"
COUNTS = st.integers(0, 2**40)
SEEN = st.builds(Seen, COUNTS, COUNTS, st.text())
READ = st.builds(
    FileRead,
    name=st.text(),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    encoding=st.sampled_from(["utf-8", "cp1252", "parquet"]),
    separator=st.sampled_from(["", ",", ";", "\t"]),
    swallowed=st.lists(COUNTS),
    labelled=st.booleans(),
    read=COUNTS,
    accepted=COUNTS,
    reasons=st.builds(Counter, st.dictionaries(st.text(), COUNTS)),
    seen=st.dictionaries(st.text(), SEEN),
    examples=st.dictionaries(st.text(), st.lists(st.tuples(COUNTS, st.text()))),
    future=st.none() | st.dates(),
)


def file_of(folder: Path, *rows: str, header: str = HEADER) -> LedgerFile:
    (folder / "a.csv").write_text("\n".join([header, *rows]))
    return LedgerFile("2026/a.csv", folder / "a.csv", "0" * 64)


def row(number: int, amount: str = "5") -> str:
    return f"T{number},O,M,5111,{amount},2026-01-0{number}"


@given(read=READ)
def test_what_a_file_gave_is_the_same_in_another_process(read: FileRead) -> None:
    assert FileRead.of_json(read.as_json()) == read


def test_a_row_is_known_by_its_files_number_and_its_line(tmp_path: Path) -> None:
    with CHECKING.checked(file_of(tmp_path, row(1), row(2, "x"), row(3)), 7) as (read, parts):
        [part] = parts
    assert part.accepted["line"].to_pylist() == [7 * LINES + 2, 7 * LINES + 4]
    assert part.rejected.to_pylist() == [
        {"line": 7 * LINES + 3, "reason": "amount is no number", "row": "T2,O,M,5111,x,2026-01-02"}
    ]
    assert (read.read, read.accepted, read.reasons) == (3, 2, {"amount is no number": 1})


def test_what_a_file_gave_names_the_first_day_on_which_it_is_read_otherwise(tmp_path: Path) -> None:
    rows = [f"T{number},O,M,5111,5,29{number}9-01-01" for number in (3, 2)]
    with CHECKING.checked(file_of(tmp_path, *rows, row(1)), 0) as (read, parts):
        list(parts)
    assert read.future == date(2929, 1, 1)


def test_of_places_in_many_files_a_file_looks_for_its_own(tmp_path: Path) -> None:
    file = file_of(tmp_path, row(1), row(2), row(3))
    places = {LINES + 2, 2 * LINES + 3, 2 * LINES + 4, 2 * LINES + 9}
    found = pa.concat_tables(CHECKING.repeated(file, 2, places))
    assert found["line"].to_pylist() == [2 * LINES + 3, 2 * LINES + 4]
    assert set(found["reason"].to_pylist()) == {"duplicate transaction_id"}
    assert found["row"].to_pylist()[0] == row(2)


def test_a_file_without_repeats_is_not_read_again(tmp_path: Path) -> None:
    gone = LedgerFile("gone.csv", tmp_path / "gone.csv", "0" * 64)
    assert list(CHECKING.repeated(gone, 2, {LINES + 2})) == []


def test_a_column_that_stands_twice_is_refused_before_a_row_is_read(tmp_path: Path) -> None:
    file = file_of(tmp_path, f"{row(1)},O", header=f"{HEADER},office")
    with (
        pytest.raises(InputError, match=r"2026/a\.csv has more than one column named office"),
        CHECKING.checked(file, 0),
    ):
        pass
