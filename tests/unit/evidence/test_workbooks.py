"""The workbooks: official columns, a row for each question, and no cell that nobody could know."""

import csv
import json
from pathlib import Path

import pytest

from compliance.claim import Claim
from evidence.catalogue import Catalogue
from evidence.facts import Facts
from evidence.ledger import Ledger, fold
from evidence.workbooks import CIS, SRTM, label, sheets
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


def test_a_part_that_is_inherited_in_part_is_not_marked_so(catalogue: Catalogue, shut: Claim) -> None:
    half = Claim(predicate=shut.predicate, over=shut.over, shows=("ac-4.21_obj-1",))
    ledger = fold(catalogue, house({"Shut": True}), (half,))
    assert [ledger.entries[f"ac-4.21_obj-{n}"].state for n in (1, 2)] == ["proven", "inherited"]
    _, rows = sheets(ledger)["cis"]
    assert next(row for row in rows if row[0] == "AC-4(21)")[1:] == ("",) * 12


def test_the_evidence_of_a_case_names_the_value_that_it_takes(catalogue: Catalogue, shut: Claim) -> None:
    timed = Claim(predicate=shut.predicate, over=shut.over, shows=("sc-10_obj",))
    _, rows = sheets(fold(catalogue, house({"Shut": True}), (timed,)))["srtm"]
    said = next(row for row in rows if "sc-10_obj" in row)[SRTM.index("Evidence")]
    assert said == "proven: doors_are_shut; [sc-10_odp] taken as: ten minutes without traffic, at load balancers"


def test_a_case_tells_the_parameter_and_what_fedramp_says(folder: Path) -> None:
    rows = {row["Assessment Procedure"]: row for row in _read(folder / "srtm.csv")}
    assert rows["sc-10_obj"]["Parameter"].startswith(
        "[sc-10_odp]: time period (FedRAMP: no longer than ten (10) minutes"
    )
    assert rows["ac-3_obj"]["Parameter"] == rows["ac-3_obj"]["FedRAMP Guidance"] == ""
    assert rows["sc-8_obj"]["FedRAMP Guidance"].startswith("Guidance: For each instance of data in transit")
    assert "SC-7 (b) should be met by subnet isolation" in rows["sc-7_obj.b"]["FedRAMP Guidance"]


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
