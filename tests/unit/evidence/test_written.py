"""The ledger on disk: the same bytes for the same assembly, and no word more than the fold said."""

import csv
import json
from pathlib import Path

from compliance.claim import Claim
from evidence.catalogue import Catalogue
from evidence.facts import Facts
from evidence.ledger import fold
from evidence.written import HEAD, summary, write
from tests.unit.evidence.conftest import house


def _facts() -> Facts:
    return Facts(environment="here", templates=house({"Shut": True}), sha256="0" * 64)


def test_two_runs_write_the_same_bytes(catalogue: Catalogue, shut: Claim, tmp_path: Path) -> None:
    for name in ("one", "other"):
        write(fold(catalogue, _facts().templates, (shut,)), _facts(), tmp_path / name)
    one, other = ({each.name: each.read_bytes() for each in (tmp_path / name).iterdir()} for name in ("one", "other"))
    assert one == other
    files = {
        "ledger.json",
        "ledger.csv",
        "parts.csv",
        "commands.md",
        "counts.json",
        "srtm.csv",
        "cis.csv",
        "empty.json",
    }
    assert set(one) == files


def test_both_forms_say_the_same_of_every_statement(catalogue: Catalogue, shut: Claim, tmp_path: Path) -> None:
    write(fold(catalogue, _facts().templates, (shut,)), _facts(), tmp_path)
    told = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    with (tmp_path / "ledger.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == HEAD
    assert {row["statement"]: (row["state"], row["who, whence or why"]) for row in rows} == {
        name: (each["state"], each["says"]) for name, each in told["statements"].items()
    }
    assert told["counts"]["statements"]["proven"] == told["counts"]["system"]["proven"] == 1
    assert told["claims"]["doors_are_shut"]["mutants"][0]["objection"] == "House/Door0 is open"


def test_the_summary_names_what_says_nothing_and_claims_no_authorization(catalogue: Catalogue, shut: Claim) -> None:
    said = summary(fold(catalogue, house(), (shut,)), _facts(), Path("out"))
    assert "no evidence: doors_are_shut speaks of nothing here" in said
    assert "no authorization" in said
