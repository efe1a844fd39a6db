"""The count by bytes agrees with Python's own reader, or refuses: no row is ever swallowed by a quotation mark."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.errors import InputError
from model_code.etl.counting import OPEN_LINES, quoteless, survey
from model_code.etl.mapping import ColumnMapping, Form
from model_code.etl.reading import open_ledger

HEADER = b"transaction_id,office,merchant,mcc,amount,transaction_date,description\n"
SIGNS = st.sampled_from(['"', '""', ",", ";", "\n", "\r\n", "\r", "a", " ", "\\", "é", '"a"', '"a\n"', ",,"])


def blocks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


@settings(max_examples=500)
@given(parts=st.lists(SIGNS, max_size=30), size=st.integers(1, 9), separator=st.sampled_from([",", ";"]))
def test_what_is_not_refused_has_as_many_records_as_python_reads(parts: list[str], size: int, separator: str) -> None:
    text = "".join(parts)
    found = survey(blocks(text.encode(), size), separator)
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if found.fault is None:
        assert found.records == len(read)
    assert quoteless(blocks(text.encode(), size)).records == len(text.encode().splitlines())


@given(rows=st.lists(st.lists(st.text(st.sampled_from('",;\n\r a\\'), max_size=6), min_size=2, max_size=3), max_size=8))
def test_whatever_python_writes_is_counted_and_never_refused(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    found = survey(blocks(text.getvalue().encode(), 7), ",")
    assert (found.fault, found.records) == (None, len(rows))


def write(folder: Path, *lines: str) -> Path:
    path = folder / "ledger.csv"
    path.write_bytes(HEADER + "\n".join(lines).encode() + b"\n")
    return path


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (['t1,o,"JOE,5812,10.00,2026-01-31,', 't2,o,"BOB,5812,30.00,2026-01-31,'], r"ledger\.csv, line 3: .*line 2"),
        (['t1,o,A,5812,10.00,2026-01-31,"MONITOR 27', "t2,o,B,5812,20.00,2026-01-31,x"], r"line 2: .* never closed"),
        (
            ['t1,o,A,5812,10.00,2026-01-31,"MONITOR 27\\""', "t2,o,B,5812,20.00,2026-01-31,x"],
            r"line 2: .* never closed",
        ),
        (['t1,o,A,5812,10.00,2026-01-31,"a "b" c"'], r"line 2: a quotation mark ends a value and text follows"),
        (['t1,o,A,5812,10.00,2026-01-31,"', *["x"] * (OPEN_LINES + 1), '"'], r"line 2: .* never closed"),
    ],
)
def test_a_mark_left_open_is_named_with_its_line_and_the_mend(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with (
        pytest.raises(InputError, match=sentence) as refused,
        open_ledger(write(tmp_path, *lines)) as ledger,
    ):
        list(ledger.rows)
    assert "backslashes = true" in str(refused.value)


def test_rows_between_two_marks_that_match_by_chance_are_seen(tmp_path: Path) -> None:
    path = write(tmp_path, 't1,o,"JOE,5812,10.00,2026-01-31,', 't2,o,BOB",5812,30.00,2026-01-31,')
    with open_ledger(path) as ledger:
        assert ledger.swallowed == [2]


@pytest.mark.parametrize(
    ("lines", "half"),
    [
        (['t1,o,JOE",5812,10.00,2026-01-31,', 't2,o,"BOB, INC",5812,30.00,2026-01-31,'], [2]),
        (['"t1","o",JOE",5812,10.00,2026-01-31,""'], [2]),
        (['t1,o,MONITOR 27",5812,10.00,2026-01-31,', "t2,o,BOB,5812,30.00,2026-01-31,"], []),
        (['t1,o,"MONITOR 27""",5812,10.00,2026-01-31,', 't2,o,"a ""b"" c",5812,30.00,2026-01-31,""'], []),
    ],
)
def test_a_mark_that_lost_the_one_before_it_is_seen_where_others_have_theirs(
    tmp_path: Path, lines: list[str], half: list[int]
) -> None:
    with open_ledger(write(tmp_path, *lines)) as ledger:
        assert ledger.half_marked == half


def test_a_text_of_several_lines_is_nothing_to_worry_about(tmp_path: Path) -> None:
    path = write(tmp_path, 't1,o,A,5812,10.00,2026-01-31,"first, and', 'second"', "t2,o,B,5812,1.00,2026-01-31,x")
    with open_ledger(path) as ledger:
        assert ([row.line for row in ledger.rows], ledger.swallowed) == ([2, 4], [])


def test_marks_with_sparks_backslashes_are_read_where_declared(tmp_path: Path) -> None:
    path = write(tmp_path, r't1,o,A,5812,10.00,2026-01-31,"MONITOR 27\""', r't2,o,"A\\B, C",5812,2,2026-01-31,a\b')
    with open_ledger(path, ColumnMapping(form=Form(backslashes=True))) as ledger:
        rows = [row.values for row in ledger.rows]
    assert [row[6] for row in rows] == ['MONITOR 27"', r"a\b"]
    assert rows[1][2] == r"A\B, C"


def test_marks_without_meaning_are_read_where_declared(tmp_path: Path) -> None:
    path = tmp_path / "tabs.txt"
    path.write_bytes(HEADER.replace(b",", b"\t") + b't1\to\t"A\t5812\t1\t2026-01-31\t27" wide\n')
    with open_ledger(path, ColumnMapping(form=Form(quotes=False))) as ledger:
        assert [row.values[2::4] for row in ledger.rows] == [['"A', '27" wide']]
