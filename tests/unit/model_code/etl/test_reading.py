import gzip
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.errors import InputError
from model_code.etl.reading import RawRow, header_of, open_ledger

TEXT = b'id,merchant\n1,ACME\n2,"A, B"\n'
ROWS = [RawRow(2, ["1", "ACME"]), RawRow(3, ["2", "A, B"])]


def rows_of(path: Path) -> tuple[list[str], str, list[RawRow]]:
    with open_ledger(path) as ledger:
        return ledger.header, ledger.encoding, list(ledger.rows)


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("plain.csv", TEXT, "utf-8"),
        ("zipped.csv.gz", gzip.compress(TEXT), "utf-8"),
        ("zipped-unnamed.csv", gzip.compress(TEXT), "utf-8"),
        ("marked.csv", b"\xef\xbb\xbf" + TEXT, "utf-8"),
        ("windows.csv", TEXT.replace(b"\n", b"\r\n"), "utf-8"),
        ("spaced-header.csv", TEXT.replace(b"id,merchant", b" id , merchant"), "utf-8"),
    ],
)
def test_every_packing_of_a_csv_gives_the_same_rows(tmp_path: Path, name: str, content: bytes, encoding: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert rows_of(tmp_path / name) == (["id", "merchant"], encoding, ROWS)


def test_text_that_is_no_utf8_is_read_as_latin1_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes("id,merchant\n1,CAFÉ\n".encode("latin-1"))
    assert rows_of(path) == (["id", "merchant"], "latin-1", [RawRow(2, ["1", "CAFÉ"])])


@pytest.mark.long
@pytest.mark.parametrize(
    ("last", "encoding", "merchant"),
    [
        (b"\x80 \x92", "cp1252", "\u20ac \u2019"),
        (b"\x80 \x81", "latin-1", "\x80 \x81"),  # cp1252 has no sign for 81
        (b"\x85", "cp1252", "\u2026"),
        (b"\xff", "latin-1", "\xff"),
    ],
)
def test_text_of_old_windows_is_read_with_its_own_signs(
    tmp_path: Path, last: bytes, encoding: str, merchant: str
) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes(b"id,merchant\n" + b"1,A\n" * 300_000 + b"2," + last + b"\n")
    header, found, rows = rows_of(path)
    assert (header, found, rows[-1]) == (["id", "merchant"], encoding, RawRow(300_002, ["2", merchant]))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_text_that_excel_saved_as_unicode_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "unicode.csv"
    path.write_bytes("\ufeffid,merchant\n1,CAFÉ €\n".encode(encoding))
    assert rows_of(path) == (["id", "merchant"], "utf-16", [RawRow(2, ["1", "CAFÉ €"])])


def test_a_value_over_several_lines_keeps_the_line_numbers_right(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_bytes(b'id,merchant\n1,"A\nB"\n\n2,C\n')
    assert [row.line for row in rows_of(path)[2]] == [2, 4, 5]


def test_a_large_number_of_parquet_is_spelled_out(tmp_path: Path) -> None:
    path = tmp_path / "large.parquet"
    pq.write_table(pa.table({"amount": [1e12, -1.5e15, float("inf"), 12.5, None]}), path)
    assert [row.values[0] for row in rows_of(path)[2]] == ["1000000000000", "-1500000000000000", "inf", "12.5", ""]


def test_a_column_that_no_field_needs_may_hold_lists_or_bytes(tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    odd = {"tags": [["x"]], "place": [{"a": 1}], "raw": [b"\xff"]}
    pq.write_table(pa.table({"id": ["a"], **odd, "amount": [12.5]}), path)
    with open_ledger(path) as ledger:
        assert list(ledger.rows) == [RawRow(1, ["a", "", "", "", "12.5"])]
        assert sorted(ledger.unreadable) == ["place", "raw", "tags"]


def test_what_spark_writes_for_zero_and_for_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "spark.parquet"
    amounts = pa.array([Decimal(0), Decimal("12.5"), Decimal("0.00000012")], pa.decimal128(38, 18))
    codes = pa.array([5812.0, float("nan"), None])
    pq.write_table(pa.table({"amount": amounts, "mcc": codes}), path)
    read = [row.values for row in rows_of(path)[2]]
    assert [float(amount) for amount, _ in read] == [0, 12.5, 1.2e-7]
    assert not any("E" in amount or "e" in amount for amount, _ in read)
    assert [code for _, code in read] == ["5812", "", ""]


def test_a_number_of_three_decimals_is_never_taken_for_thousands(tmp_path: Path) -> None:
    path = tmp_path / "three.parquet"
    pq.write_table(pa.table({"amount": [1.125, 2.5]}), path)
    assert [row.values[0] for row in rows_of(path)[2]] == ["1.1250", "2.5"]


def test_parquet_values_become_text_with_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    columns = {
        "id": ["a", None],
        "amount": [12.5, -3.0],
        "mcc": pa.array([5812, None], pa.int32()),
        "day": [date(2026, 1, 31), None],
        "moment": [datetime(2026, 1, 31, 23, 59), None],  # noqa: DTZ001 (a column without a zone)
    }
    pq.write_table(pa.table(columns), path)
    header, encoding, rows = rows_of(path)
    assert (header, encoding) == (list(columns), "parquet")
    assert rows[0] == RawRow(1, ["a", "12.5", "5812", "2026-01-31", "2026-01-31"])
    assert rows[1].values == ["", "-3", "", "", ""]
    assert rows[1].line == 2


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("ledger.doc", b"x", r"its name must end in \.csv"),
        ("empty.csv", b"", "is empty"),
        ("empty.csv.gz", gzip.compress(b""), "is empty"),
        ("blank.csv", b"\n \n", "is empty"),
        ("nul.csv", TEXT + b"3,A\0B\n", r"line 4: there is a NUL byte"),
        ("book.xlsx", b"\xd0\xcf\x11\xe0 cut off", "is a workbook by its first bytes"),
        ("plain.csv.gz", TEXT, "isn't gzip inside"),
        ("cut.csv.gz", gzip.compress(TEXT * 50)[:-20], "damaged or cut off"),
        ("broken.csv.gz", b"\x1f\x8b\x08\x00" + b"\xff" * 40, "damaged or cut off"),
        ("text.parquet", TEXT, "no Parquet file"),
        ("open.csv", b'id\n"' + b"x" * 200_000, "quotation mark"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence) as refused:
        rows_of(tmp_path / name)
    assert str(refused.value).startswith(name)


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        header_of(tmp_path / "none.csv")


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], Path]:
    path = tmp_path_factory.mktemp("any") / "any.csv"

    def write(content: bytes) -> Path:
        path.write_bytes(content)
        return path

    return write


@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_never_anything_else(writer: Callable[[bytes], Path], body: bytes) -> None:
    path = writer(b"id,merchant\n" + body)
    try:
        _, _, rows = rows_of(path)
    except InputError:
        return
    assert [row.line for row in rows] == sorted({row.line for row in rows})
