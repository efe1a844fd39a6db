"""Texts that can be read, and mean something else: found in files that people hand over, and read where declared."""

from pathlib import Path

import openpyxl
import pytest

from model_code.errors import InputError
from model_code.etl.accepted import Accepted, read_accepted
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
MAPPING = """
currency = "GBP"
decimal = "."
date_formats = ["%d/%m/%Y"]
[columns]
transaction_id = "id"
office = "office"
merchant = "payee"
amount = "amount"
transaction_date = "day"
"""
HEADER = "id,office,payee,amount,day,beside"


def read(folder: Path, content: str | bytes, more: str = "", name: str = "ledger.csv") -> Accepted:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "columns.toml").write_text(more + MAPPING)
    return read_accepted(folder / name, folder / "columns.toml")


def rows(count: int = 40, *, beside: str = "{}", payee: str = "SHOP {}", amount: str = "{}.50") -> list[str]:
    days = [f"{1 + n % 27:02d}/01/2025" for n in range(count)]
    return [
        f"T{n},Roads,{payee.format(n % 7)},{amount.format(10 + n)},{days[n]},{beside.format(n)}" for n in range(count)
    ]


def ledger(lines: list[str]) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


def directions() -> list[str]:
    return [line.rpartition(",")[0] + (",CR" if n % 8 == 0 else ",DR") for n, line in enumerate(rows())]


def test_amounts_without_signs_beside_words_for_debit_and_credit_end_the_job(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"signs_elsewhere: ledger\.csv, line 2: .* column beside .* 5 for credit"):
        read(tmp_path, ledger(directions()))


def test_declared_words_make_refunds_of_amounts_without_a_sign(tmp_path: Path) -> None:
    lines = directions()
    lines[8] = lines[8].replace(",18.50,", ",-18.50,")
    amounts = read(tmp_path, ledger(lines), 'refunds = { column = "beside", words = ["cr"] }\n').rows["amount"]
    assert [n for n, amount in enumerate(amounts) if amount < 0] == [0, 8, 16, 24, 32]
    assert amounts[8] == -18.5


def test_refunds_in_a_column_of_their_own_are_read_and_both_at_once_are_no_amount(tmp_path: Path) -> None:
    lines = [line.rpartition(",")[0] + "," for line in rows()]
    lines[3] = lines[3].replace(",13.50,", ",,") + "13.50"
    lines[4] = lines[4].replace(",14.50,", ",0.00,") + "14.50"
    lines[5] += "15.50"
    lines[6] += "0.00"
    rows_, aside = read(tmp_path, ledger(lines), 'refunds = { column = "beside" }\n')
    assert [amount for amount in rows_["amount"] if amount < 0] == [-13.5, -14.5]
    assert aside == {"amount is no number": 1}


def test_the_banks_sign_beside_refunds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="says both refunds and spending"):
        read(tmp_path, ledger(rows()), 'spending = "negative"\nrefunds = { column = "beside" }\n')


def test_a_blank_takes_the_value_above_where_declared(tmp_path: Path) -> None:
    lines = rows()
    for n in range(1, 40):
        lines[n] = lines[n].replace(",Roads,", ",Parks," if n == 20 else ",,")
    found = read(tmp_path, ledger(lines), 'fill_down = ["office"]\n').rows["office"]
    assert found.tolist() == ["Roads"] * 20 + ["Parks"] * 20
    with pytest.raises(InputError, match="has unknown fields in fill_down: colour"):
        read(tmp_path, ledger(lines), 'fill_down = ["colour"]\n')


def test_letters_of_utf8_in_another_file_are_warned_of_and_a_declared_encoding_is_taken(tmp_path: Path) -> None:
    mixed = ledger(rows(payee="CAF\u00c9 {}")).encode("cp1252") + "\n".join(rows(5, payee="\u00dcBER {}")).encode()
    with pytest.raises(InputError, match=r"two_encodings: ledger\.csv, line 42: letters are written in UTF-8"):
        read(tmp_path, mixed)
    old = ledger(rows(payee="CAF\u00c9\u00a0{}")).encode("cp1252")
    assert len(read(tmp_path, old).rows) == 40


@pytest.mark.parametrize("start", ["<html><body><table>", "\ufeff<?xml version='1.0'?>", " <TABLE border=1>"])
def test_a_web_page_under_another_name_shows_nobody(tmp_path: Path, start: str) -> None:
    page = f"{start}<tr><td>JANE Q EXAMPLE</td></tr></table>"
    with pytest.raises(InputError, match=r"ledger\.xls is a web page or XML by its first bytes") as refused:
        read(tmp_path, page, name="ledger.xls")
    assert "JANE" not in str(refused.value)


def test_utf16_without_its_mark_shows_nobody_and_is_read_where_declared(tmp_path: Path) -> None:
    content = ledger(rows(payee="JANE {}")).encode("utf-16-le")
    with pytest.raises(InputError, match=r"there is a NUL byte.*utf-16-le") as refused:
        read(tmp_path, content)
    assert "J" not in str(refused.value).replace("\0", "").split("NUL")[0]
    assert len(read(tmp_path, content, 'encoding = "utf-16-le"\n').rows) == 40


def test_values_that_a_program_left_out_at_a_rows_end_are_blank(tmp_path: Path) -> None:
    lines = [line.rpartition(",")[0] for line in rows()]
    assert len(read(tmp_path, ledger(lines)).rows) == 40
    cut = [line.rpartition(",")[0] for line in lines[:20]]
    with pytest.raises(InputError, match=r"wrong number of fields \(20\)"):
        read(tmp_path, ledger([*cut, *lines[20:]]))


def test_formulas_that_keep_a_text_and_signs_that_nobody_sees_are_no_part_of_a_value(tmp_path: Path) -> None:
    lines = [f'="00{n}",Roads,SHOP\u200b,\u200e{10 + n}.50,\u200e0{1 + n}/01/2025,' for n in range(3)]
    found = read(tmp_path, ledger([*lines, f"\ufeff{HEADER}"])).rows
    assert found["transaction_id"].tolist() == ["000", "001", "002"]
    assert (found["merchant"].unique().tolist(), found["amount"].sum()) == (["SHOP"], 34.5)


def test_a_file_with_the_month_first_among_others_is_found_though_every_day_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    for month in (1, 2, 3):
        days = [f"{1 + n % 12:02d}/{month:02d}/2025" for n in range(36)]
        turned = [f"{day[3:5]}/{day[:2]}/2025" if month == 3 else day for day in days]
        made = [f"T{month}{n},Roads,SHOP {n % 5},{20 + n}.50,{day}," for n, day in enumerate(turned)]
        (tmp_path / f"ledger/2025-0{month}.csv").write_text(ledger(made))
    (tmp_path / "columns.toml").write_text(MAPPING)
    with pytest.raises(InputError, match=r"other_date_order: 2025-03\.csv: its rows lie on one day of several months"):
        read_accepted(tmp_path / "ledger", tmp_path / "columns.toml")


def test_merged_cells_all_have_the_value_of_the_first(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    for line in rows(6):
        book.active.append([value if place != 1 else None for place, value in enumerate(line.split(","))])
    book.active["B2"], book.active["B5"], book.active["A9"] = "Roads", "Parks", "Total of all"
    for cells in ("B2:B4", "B5:B7", "A9:D10"):
        book.active.merge_cells(cells)
    book.save(tmp_path / "ledger.xlsx")
    (tmp_path / "columns.toml").write_text(MAPPING)
    found = read_accepted(tmp_path / "ledger.xlsx", tmp_path / "columns.toml").rows["office"]
    assert found.tolist() == ["Roads"] * 3 + ["Parks"] * 3
