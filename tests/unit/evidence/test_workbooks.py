"""The workbooks: official columns, a row for each question, and no cell that nobody could know."""

import csv
import json
from pathlib import Path

import pytest

from compliance.claim import Claim
from evidence.catalogue import Catalogue
from evidence.facts import Facts
from evidence.ledger import Ledger, fold
from evidence.workbooks import CIS, SRTM, label
from evidence.written import write
from tests.unit.evidence.conftest import house

ASSESSORS = (
    *("Observations / Test Results", "Result", "Identified Risk", "Likelihood", "Impact", "Risk Exposure"),
    *("Recommendation", "SSP Differential?"),
)


@pytest.fixture
def ledger(catalogue: Catalogue, shut: Claim) -> Ledger:
    return fold(catalogue, house({"Shut": True}), (shut,))


@pytest.fixture
def folder(ledger: Ledger, tmp_path: Path) -> Path:
    write(ledger, Facts(environment="here", templates={}, sha256="0" * 64), tmp_path)
    return tmp_path


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_the_official_ones_in_their_order(folder: Path) -> None:
    assert len(SRTM) == 16
    assert len(CIS) == 13
    assert tuple(_read(folder / "srtm.csv")[0]) == SRTM
    assert tuple(_read(folder / "cis.csv")[0]) == CIS


def test_each_statement_is_a_test_case_and_what_is_the_assessors_stays_empty(folder: Path, ledger: Ledger) -> None:
    rows = _read(folder / "srtm.csv")
    assert [row["Assessment Procedure"] for row in rows] == list(ledger.entries)
    assert not any(row[name] for row in rows for name in ASSESSORS)
    (case,) = (row for row in rows if row["Assessment Procedure"] == "ac-3_obj")
    assert (case["Control ID"], case["Test Method"]) == ("AC-3", "INTERVIEW, TEST")
    assert case["Evidence"] == "proven: doors_are_shut"
    asked = next(row for row in rows if row["Assessment Procedure"] == "au-3_obj.a")
    assert asked["Evidence"].startswith("aws cloudtrail lookup-events ")


def test_a_part_is_marked_by_its_state_alone(folder: Path, ledger: Ledger) -> None:
    rows = {row["Control ID"]: row for row in _read(folder / "cis.csv")}
    assert len(rows) == len(ledger.parts) == 688
    marked = {name: [column for column in CIS[1:] if row[column]] for name, row in rows.items()}
    assert marked["AC-3"] == ["System Specific"]
    assert marked["PE-9"] == ["Inherited"]
    assert marked["AC-18 (a)"] == ["N/A"]
    assert marked["IR-4 (a)"] == []


def test_what_stays_empty_is_counted(folder: Path) -> None:
    counted = json.loads((folder / "empty.json").read_text(encoding="utf-8"))
    assert counted["srtm"]["Result"] == 1388
    assert counted["cis"]["System Specific"] == 687
    assert counted["cis"]["Implemented"] == 688
    assert "Objective" not in counted["srtm"]


def test_parts_are_written_as_the_workbook_does() -> None:
    assert [label(each) for each in ("ac-2_smt.d", "ac-2.1_smt", "si-4_smt.a.1")] == [
        "AC-2 (d)",
        "AC-2(1)",
        "SI-4 (a)(1)",
    ]
