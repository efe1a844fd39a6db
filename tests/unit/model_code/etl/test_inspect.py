"""inspect writes a mapping that a person can correct: what it is sure of is right, what it isn't is called a doubt."""

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from model_code.etl.guesses import day_formats
from model_code.etl.inspect import inspected, main, toml_of
from model_code.etl.mapping_file import read_mapping
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB
COUNCIL = (
    "Payments over 500 pounds;;;;\n\n"
    "Directorate;Supplier Name;Net Amount (GBP);Payment Date;Transaction No\n"
    'Roads;"SMITH; JONES";1.250,50;13/01/2026;A1\n'
    "Parks;ACME;-12,00;14/01/2026;A2\n"
    "Parks;BOLTS;99,95;02/02/2026;A3\n"
)
COLUMNS = {
    "office": "Directorate",
    "merchant": "Supplier Name",
    "amount": "Net Amount (GBP)",
    "transaction_date": "Payment Date",
    "transaction_id": "Transaction No",
}


def write(folder: Path, text: str, name: str = "ledger.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_councils_file_is_understood_with_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(write(tmp_path, COUNCIL)), "--out", str(tmp_path / "columns.toml")])
    mapping = read_mapping(tmp_path / "columns.toml")
    assert mapping.columns == {name: (column,) for name, column in COLUMNS.items()}
    assert (mapping.currency, mapping.form.decimal, mapping.date_formats) == ("GBP", ",", ("%d/%m/%Y",))
    said = capsys.readouterr().out
    assert "ledger.csv: utf-8, separator ';', names in line 3, 5 columns" in said
    assert "0 doubts" in said
    assert "As it stands: 3 rows are read, 0 set aside" in said


def test_what_is_not_sure_is_a_doubt_and_the_mapping_cannot_be_used_unseen(tmp_path: Path) -> None:
    text = "id,merchant,amount,day\nX1,A,5.00,01/02/2026\nX2,B,6.00,03/04/2026\n"
    made, _ = inspected(write(tmp_path, text))
    assert any("%d/%m/%Y and %m/%d/%Y alike" in doubt for doubt in made.doubts)
    assert any("in which currency" in doubt for doubt in made.doubts)
    assert 'currency = "???"' in toml_of(made)


@pytest.mark.parametrize(
    ("rows", "key", "value"),
    [
        (["PO-1,1,A,-5.00,2026-01-13", "PO-1,2,A,-6.00,2026-01-13"], "ids", '["order", "line"]'),
        (["PO-1,1,A,-5.00,2026-01-13", "PO-1,2,A,-6.00,2026-01-13"], "spending", '"negative"'),
        (["PO-1,1,A,$5.00,2026-01-13", "PO-1,1,B,$6.00,2026-01-13"], "ids", '"digest"'),
        (["PO-1,1,A,R$ 5.00,2026-01-13", "PO-2,1,B,R$ 6.00,2026-01-13"], "currency", '"BRL"'),
    ],
)
def test_keys_are_guessed_from_what_the_values_show(tmp_path: Path, rows: list[str], key: str, value: str) -> None:
    made, _ = inspected(write(tmp_path, "\n".join(["order,line,vendor,amount,day", *rows, ""])))
    assert made.keys[key] == value


def test_files_with_other_headers_are_a_doubt(tmp_path: Path) -> None:
    (tmp_path / "l").mkdir()
    write(tmp_path / "l", COUNCIL, "a.csv")
    write(tmp_path / "l", COUNCIL.replace("Supplier Name", "Vendor"), "b.csv")
    made, told = inspected(tmp_path / "l")
    assert len(told) == 2
    assert any("2 different headers" in doubt for doubt in made.doubts)


def test_a_file_that_cannot_be_read_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(write(tmp_path, ""))])
    assert "ledger.csv is empty" in capsys.readouterr().err


def test_a_workbook_with_titles_is_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Nothing"])
    sheet = book.create_sheet("Payments 2026")
    rows = [["Payments"], [], ["Invoice No", "Vendor", "Amount USD", "Invoice date", "MCC"]]
    rows += [[f"I{n}", f"SHOP {n}", 10.5 + n, datetime(2026, 1, n), 5812] for n in range(1, 20)]  # noqa: DTZ001
    for row in rows:
        sheet.append(row)
    book.save(tmp_path / "ledger.xlsx")
    main([str(tmp_path / "ledger.xlsx"), "--out", str(tmp_path / "columns.toml")])
    mapping = read_mapping(tmp_path / "columns.toml")
    assert mapping.columns == {
        "transaction_id": ("Invoice No",),
        "merchant": ("Vendor",),
        "amount": ("Amount USD",),
        "transaction_date": ("Invoice date",),
        "mcc": ("MCC",),
    }
    assert (mapping.currency, mapping.date_formats) == ("USD", ())
    assert "names in line 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("texts", "forms"),
    [
        (["2026-01-05", "2026-01-06 10:00"], ["ISO"]),
        (["13/01/2026", "05/02/2026"], ["%d/%m/%Y"]),
        (["01/13/2026", "05/02/2026"], ["%m/%d/%Y"]),
        (["01/02/2026", "05/02/2026"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["5-Jan-26", "6-Feb-26"], ["%d-%b-%y"]),
        (["46027", "46031"], ["serial"]),
        (["20260105", "20260231"], []),
        (["ACME", "BOLTS"], []),
        ([], []),
    ],
)
def test_forms_of_days_are_those_that_fit_all_texts(texts: list[str], forms: list[str]) -> None:
    assert day_formats(texts) == forms


def test_columns_that_nothing_was_found_for_are_named(tmp_path: Path) -> None:
    lines = [f"B{n};0{1 + n % 9}.01.2025;Amt;Firma {n};{n},50;GS-{n}" for n in range(20)]
    (tmp_path / "ledger.csv").write_text("\n".join(["Nummer;Datum;Amt;Lieferant;Betrag (EUR);Stufe", *lines]))
    made, _ = inspected(tmp_path / "ledger.csv")
    assert made.columns["office"] == "Amt"
    assert made.unused == ["Stufe"]
    assert '# Not used: "Stufe". One that is a field' in toml_of(made)


def test_a_dollar_sign_alone_is_no_currency_and_the_doubt_says_so(tmp_path: Path) -> None:
    lines = [f"V{n},01/{13 + n % 15}/2025,${n}.50" for n in range(20)]
    (tmp_path / "ledger.csv").write_text("\n".join(["Vendor,Check Date,Check Amount", *lines]))
    made, _ = inspected(tmp_path / "ledger.csv")
    assert "Amounts carry $, which many currencies use: replace ???." in made.doubts
