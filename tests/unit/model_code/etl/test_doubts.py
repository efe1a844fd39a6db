"""Each warning ends the job where it should, is acknowledged for one file or period, and is silent else."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from model_code.errors import InputError
from model_code.etl.accepted import read_accepted
from model_code.etl.doubts import KINDS
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
HEADER = ["id", "office", "payee", "mcc", "amount", "day", "card"]
MAPPING = """
currency = "USD"
decimal = "."
date_formats = ["%d/%m/%Y"]
[columns]
transaction_id = "id"
office = "office"
merchant = "payee"
mcc = "mcc"
amount = "amount"
transaction_date = "day"
card = "card"
"""
Rows = list[list[str]]


def month(first: date, *, start: int = 0, rows: int = 40) -> Rows:
    days = [first + timedelta(days=number % 27) for number in range(rows)]
    return [
        [f"T{start + n}", f"Office {n % 3}", f"SHOP {n % 7}", "5812", f"{10 + n}.50", f"{day:%d/%m/%Y}", f"C{n % 5}"]
        for n, day in enumerate(days)
    ]


def quarter() -> dict[str, Rows]:
    """Three clean months, a file each."""
    return {f"2025-0{n}.csv": month(date(2025, n, 1), start=100 * n) for n in (1, 2, 3)}


def write(folder: Path, files: dict[str, Rows], mapping: str = MAPPING) -> tuple[Path, Path]:
    (folder / "ledger").mkdir(exist_ok=True)
    for name, rows in files.items():
        text = io.StringIO(newline="")
        csv.writer(text).writerows([HEADER, *rows])
        # Python doubles marks; whoever joins values by hand doesn't.
        (folder / "ledger" / name).write_text(text.getvalue().replace('"SHOP 0 27"""', 'SHOP 0 27"', 1), newline="")
    (folder / "columns.toml").write_text(mapping)
    return folder / "ledger", folder / "columns.toml"


def change(files: dict[str, Rows], name: str, column: int, make: Callable[[str], str], every: int = 1) -> None:
    for number, row in enumerate(files[name]):
        row[column] = make(row[column]) if number % every == 0 else row[column]


def one_id(files: dict[str, Rows]) -> None:
    for name in files:
        change(files, name, 0, lambda _: "1")


def several_amounts(files: dict[str, Rows]) -> None:
    files["2025-02.csv"][7][0] = files["2025-02.csv"][6][0]


def missing_month(files: dict[str, Rows]) -> None:
    files["2025-05.csv"] = month(date(2025, 5, 1), start=500)


def far_dates(files: dict[str, Rows]) -> None:
    files["2025-01.csv"][3][5] = "01/06/2021"


def block_twice(files: dict[str, Rows]) -> None:
    files["2025-04.csv"] = [[f"N{n}", *row[1:]] for n, row in enumerate(files["2025-03.csv"])]


def swallowed(files: dict[str, Rows]) -> None:
    first, second = files["2025-02.csv"][4:6]
    files["2025-02.csv"][4:6] = [[*first[:2], f"{','.join(first[2:])}\n{','.join(second[:3])}", *second[3:]]]


def exchanged(files: dict[str, Rows]) -> None:
    for row in files["2025-02.csv"]:
        row[1], row[2] = row[2], row[1]


def program_days(text: str) -> str:
    """As a program that thinks month first leaves it: its own day where it could read one, else the text."""
    day, month_, year = text.split("/")
    return f"{year}-{day}-{month_}" if int(day) <= 12 else text


def offices_once(rows: Rows) -> None:
    rows.sort(key=lambda row: row[1])
    for number in range(len(rows) - 1, 0, -1):
        rows[number][1] = "" if rows[number][1] == rows[number - 1][1] else rows[number][1]


FAULTS: dict[str, Callable[[dict[str, Rows]], None]] = {
    "one_id": one_id,
    "several_amounts": several_amounts,
    "missing_month": missing_month,
    "far_dates": far_dates,
    "block_twice": block_twice,
    "swallowed_rows": swallowed,
    "changed_meaning": exchanged,
    "mostly_negative": lambda files: change(files, "2025-02.csv", 4, lambda text: f"-{text}"),
    "words_for_nothing": lambda files: change(files, "2025-02.csv", 2, lambda _: "N/A", every=9),
    "damaged_ids": lambda files: change(files, "2025-02.csv", 6, lambda _: "4.11111E+15", every=9),
    "many_times_larger": lambda files: change(files, "2025-02.csv", 4, lambda text: text.replace(".", "")),
    "unreadable_codes": lambda files: change(files, "2025-02.csv", 3, lambda _: "ABC", every=3),
    "other_date_order": lambda files: change(files, "2025-02.csv", 5, lambda _: "02/25/2025", every=30),
    "exchanged_days": lambda files: change(files, "2025-02.csv", 5, program_days),
    "three_decimals": lambda files: change(files, "2025-02.csv", 4, lambda _: "1.250", every=9),
    "filled_once": lambda files: offices_once(files["2025-02.csv"]),
    "half_marks": lambda files: change(files, "2025-02.csv", 2, lambda text: f'{text} 27"', every=39),
    "many_remarks": lambda files: files["2025-02.csv"].extend([["x", "y", "", "", "5", "", ""]] * 40),
}


def test_a_clean_ledger_in_three_files_gives_no_warning(tmp_path: Path) -> None:
    ledger, mapping = write(tmp_path, quarter())
    assert len(read_accepted(ledger, mapping).rows) == 120


def test_a_short_file_with_the_month_first_is_seen_by_its_one_day_of_several_months(tmp_path: Path) -> None:
    files = quarter()
    files["2025-03.csv"] = [
        [*row[:5], f"03/{day:02d}/2025", row[6]] for day, row in zip((1, 5, 9), files["2025-03.csv"][:3], strict=True)
    ]
    with pytest.raises(InputError, match=r"other_date_order: 2025-03\.csv: its rows lie on one day of several months"):
        read_accepted(*write(tmp_path, files))


def test_a_short_file_of_one_day_gives_no_warning(tmp_path: Path) -> None:
    files = quarter()
    files["2025-03.csv"] = [[*row[:5], "03/03/2025", row[6]] for row in files["2025-03.csv"][:7]]
    assert len(read_accepted(*write(tmp_path, files)).rows) == 87


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_ends_the_job_with_its_warning_alone(tmp_path: Path, kind: str) -> None:
    files = quarter()
    FAULTS[kind](files)
    ledger, mapping = write(tmp_path, files)
    with pytest.raises(InputError) as refused:
        read_accepted(ledger, mapping)
    assert re.findall(r'warning = "(\w+)"', str(refused.value)) == [kind]
    assert "SHOP" not in str(refused.value)
    told = re.findall(r"\[\[acknowledged\]\] (.*?, why = \"[^\"]*\")", str(refused.value))
    lines = "".join("\n[[acknowledged]]\n" + each.replace(", ", "\n") for each in told)
    mapping.write_text(MAPPING + lines + ("\n[limits]\nall = 1.0\n" if kind == "one_id" else ""))
    read_accepted(ledger, mapping)


def test_two_declared_orders_of_day_and_month_are_a_warning(tmp_path: Path) -> None:
    both = MAPPING.replace('["%d/%m/%Y"]', '["%d/%m/%Y", "%m/%d/%Y"]')
    with pytest.raises(InputError, match=r"two_date_orders: 2025-01\.csv, line 3 "):
        read_accepted(*write(tmp_path, quarter(), both))


def test_every_kind_of_warning_is_tried() -> None:
    # below, in test_odd_texts, in scoring/test_state_ids and in scoring/test_batch_view
    elsewhere = ["two_date_orders", "signs_elsewhere", "two_encodings", "ids_used_again", "blank_centres"]
    assert sorted([*FAULTS, *elsewhere]) == sorted(KINDS)


def test_an_acknowledgement_does_not_hold_for_the_next_file(tmp_path: Path) -> None:
    files = quarter()
    several_amounts(files)
    ledger, mapping = write(tmp_path, files)
    with pytest.raises(InputError) as refused:
        read_accepted(ledger, mapping)
    [sha256] = re.findall(r'file = "(\w{64})"', str(refused.value))
    mapping.write_text(f'{MAPPING}\n[[acknowledged]]\nwarning = "several_amounts"\nfile = "{sha256}"\nwhy = "x"\n')
    read_accepted(ledger, mapping)
    files["2025-03.csv"][7][0] = files["2025-03.csv"][6][0]
    write(tmp_path, files, mapping.read_text())
    with pytest.raises(
        InputError, match=r"several_amounts: 2025-02\.csv, line 8: the id has several amounts, as 2 ids"
    ):
        read_accepted(ledger, mapping)


def test_a_small_file_is_not_stopped_for_what_only_a_month_can_show(tmp_path: Path) -> None:
    day = [[f"D{n}", "Office 1", "SHOP 1", "", f"-{n}0000.00", "01/04/2025", ""] for n in range(1, 6)]
    ledger, mapping = write(tmp_path, quarter() | {"2025-04-01.csv": day})
    assert len(read_accepted(ledger, mapping).rows) == 125


@pytest.mark.parametrize(("bad", "refused"), [(9, False), (10, True), (40, True)])
def test_a_share_set_aside_beyond_the_limit_ends_the_job(tmp_path: Path, *, bad: int, refused: bool) -> None:
    files = quarter()
    for row in files["2025-02.csv"][:bad]:
        row[4] = "Jane Q. Example"
    ledger, mapping = write(tmp_path, files)
    if not refused:
        assert read_accepted(ledger, mapping).set_aside == {"amount is no number": bad}
        return
    with pytest.raises(InputError, match=rf"{bad} of 120 rows can't be used, .* and at most 5% may be") as told:
        read_accepted(ledger, mapping)
    assert "amount is no number" in str(told.value)
    assert "2025-02.csv, line 2 `xxxx x. xxxxxxx`" in str(told.value)
    mapping.write_text(f'{MAPPING}\n[limits]\n"amount is no number" = {bad / 120 + 0.01}\n')
    assert len(read_accepted(ledger, mapping).rows) == 120 - bad


def test_blank_lines_totals_and_equal_repeats_do_not_count_toward_the_share(tmp_path: Path) -> None:
    files = quarter()
    files["2025-02.csv"][10:10] = [[""] * 7] * 30 + [["Total", "", "", "", "99.50", "", ""]] * 10
    files["2025-03.csv"] += files["2025-02.csv"][:10] + files["2025-02.csv"][-20:]
    accepted = read_accepted(*write(tmp_path, files))
    assert len(accepted.rows) == 120
    assert accepted.set_aside == {"blank row": 30, "duplicate transaction_id": 30, "total or remark": 10}


def test_ids_are_made_of_the_row_the_same_in_every_file(tmp_path: Path) -> None:
    files = quarter()
    files["2025-03.csv"] += [files["2025-03.csv"][0], *files["2025-02.csv"][5:30]]
    digest = MAPPING.replace('transaction_id = "id"\n', "").replace("[columns]", 'ids = "digest"\n[columns]')
    rows, set_aside = read_accepted(*write(tmp_path, files, digest))
    assert set_aside == {"duplicate transaction_id": 25}
    assert len(rows) == rows["transaction_id"].nunique() == 121
    assert [each[-2:] for each in rows["transaction_id"] if len(each) > 16] == ["-2"]


@pytest.mark.parametrize(
    ("ids", "amounts"), [('lines = "add"\n', [992.5, 10.0]), ('ids = ["id", "card"]\n', [12.5, 900, 80, 10])]
)
def test_lines_of_an_order_are_added_up_or_kept(tmp_path: Path, ids: str, amounts: list[float]) -> None:
    lines = [
        ["PO-1", "Roads", "ACME", "5085", "12.50", "05/01/2026", "1"],
        ["PO-1", "Roads", "ACME", "5085", "900.00", "05/01/2026", "2"],
        ["PO-1", "Roads", "ACME", "5085", "80.00", "05/01/2026", "3"],
        ["PO-2", "Roads", "BOLTS", "5085", "10.00", "06/01/2026", "1"],
    ]
    rows = read_accepted(*write(tmp_path, {"orders.csv": lines}, ids + MAPPING)).rows
    assert rows["amount"].tolist() == amounts
    assert rows["transaction_id"].is_unique


def test_amounts_in_another_currency_are_converted_by_the_rate_of_their_day(tmp_path: Path) -> None:
    files = {
        "a.csv": [[*row[:6], "EUR" if number else ""] for number, row in enumerate(month(date(2025, 3, 1), rows=20))]
    }
    rates = "".join(
        f'\n[[rates]]\ncurrency = "EUR"\neffective = 2025-03-{day}\nrate = {rate}\n'
        for day, rate in (("01", 2), ("10", 3))
    )
    rows = read_accepted(*write(tmp_path, files, MAPPING.replace("card =", "currency =") + rates)).rows
    assert rows["amount"].tolist()[:2] == [10.5, 23.0]
    assert rows["amount"].tolist()[19] == 29.5 * 3
    assert rows["merchant_currency"].tolist()[:2] == ["", "EUR"]
